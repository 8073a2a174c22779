"""Calls over SIP that come in: the events that tell an application of one, by the SDK's types."""

from collections.abc import Iterable, Mapping
from typing import Any

REALTIME_CALL, LIVE_CALL = "realtime.call.incoming", "live.transport.incoming"
FROM, TO = "sip:+14155550100@sip.example.com", "sip:+14155550123@sip.example.com"

SipHeaders = Iterable[tuple[str, str]]


def describe_call(kind: str, drawn: str, *, of: str = FROM, to: str = TO, more: SipHeaders = ()) -> Mapping[str, Any]:
    """Return what an event of a kind says of a call; its ids end in what was drawn, and any is accepted."""
    headers = (("From", of), ("To", to), ("Call-ID", drawn), *more)
    sip_headers = [{"name": name, "value": value} for name, value in headers]
    if kind == LIVE_CALL:
        return {"session_id": f"live_{drawn}", "type": "sip", "sip_headers": sip_headers}
    return {"call_id": f"rtc_{drawn}", "sip_headers": sip_headers}
