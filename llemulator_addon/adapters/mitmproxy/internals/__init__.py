"""Code that uses parts of mitmproxy that it does not document for addons. Any new version of it may change them.

`layers` puts our layers in place of mitmproxy's, `servers` speaks HTTP/1 and HTTP/2, `streams` plays an answer in time.
No module outside this package imports such parts of mitmproxy; a test checks that.
"""
