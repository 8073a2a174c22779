"""A host that is not OpenAI's: TLS with a certificate of its own, and one answer to all.

Arguments: its address, and the file of its certificate and key.
"""

import http.server
import ssl
import sys
from typing import override

ADDRESS, CERTIFICATE = sys.argv[1:]


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers."""

    def do_GET(self) -> None:
        """Answer the same to all."""
        self.send_response(200)
        self.send_header("content-length", "13")
        self.end_headers()
        self.wfile.write(b"another host\n")

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


server = http.server.ThreadingHTTPServer((ADDRESS, 443), Answering)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(CERTIFICATE)
server.socket = tls.wrap_socket(server.socket, server_side=True)
print("listens", flush=True)
server.serve_forever()
