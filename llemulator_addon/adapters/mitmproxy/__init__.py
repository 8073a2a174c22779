"""The way in through mitmproxy.

`ownership` decides which requests are ours, `traffic` answers them, `internals` plays answers in time, and
`interception` is the addon of all three;
`master` runs it in a small proxy of our own, `mitmdump` within mitmdump. `authority` makes the certificates.
"""
