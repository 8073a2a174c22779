"""The way in through mitmproxy.

`rules` decides which requests are ours, `playback` plays answers in time, `interception` is the addon of both;
`master` runs it in a small proxy of our own, `stock` within mitmdump. `authority` makes the certificates.
"""
