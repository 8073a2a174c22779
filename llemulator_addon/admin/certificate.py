"""`/_emulator/ca.pem`: the certificate to trust."""

from llemulator_addon.admin.route import AdminCall, answer
from llemulator_addon.core.reply import Failure
from llemulator_addon.core.steps import Steps
from llemulator_addon.wire.errors import RequestRefused

PRODUCES = "application/x-pem-file"


def show(call: AdminCall) -> Steps:
    """Answer with the CA's certificate; never with its key."""
    if call.server.ca_certificate is None:
        raise RequestRefused(Failure(status=503, type="server_error", message="There is no certificate yet."))
    return answer(call.server.ca_certificate, PRODUCES)
