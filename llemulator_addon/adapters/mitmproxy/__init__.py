"""The way in through mitmproxy.

`rules` decides which requests are ours, `internals` plays answers in time, `interception` is the addon of both;
`master` runs it in a small proxy of our own, `mitmdump` within mitmdump. `authority` makes the certificates.
"""
