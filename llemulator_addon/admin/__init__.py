"""Requests about sessions: to add a route is one file and one line here."""

from llemulator_addon.admin import (
    about,
    certificate,
    clock,
    egress,
    health,
    journal,
    journal_stream,
    openapi,
    preset_queue,
    schema,
    script,
    state,
    unclaimed,
    verify,
    waiting,
)
from llemulator_addon.admin.route import Route

ROUTES: dict[str, Route] = {
    "/_emulator/script": Route(post=script.load, get=script.show, delete=script.forget_rules),
    "/_emulator/script.schema.json": Route(get=schema.show),
    "/_emulator/clock": Route(get=clock.show, post=clock.move),
    "/_emulator/reset": Route(post=state.reset),
    "/_emulator/state": Route(get=state.show),
    "/_emulator/requests": Route(get=journal.exchanges),
    journal_stream.PATH: Route(get=journal_stream.show),
    "/_emulator/requests/{number}": Route(get=journal.exchange),
    "/_emulator/verify": Route(post=verify.show),
    waiting.PATH: Route(get=waiting.waiting),
    f"{waiting.PATH}/{{number}}": Route(get=waiting.one, post=waiting.answer),
    "/_emulator/egress": Route(get=egress.show),
    "/_emulator/unclaimed": Route(get=unclaimed.show),
    "/_emulator/openapi.json": Route(get=openapi.show),
    "/_emulator/ca.pem": Route(get=certificate.show),
    preset_queue.PATH: Route(get=preset_queue.show_all, delete=preset_queue.clear_all),
    f"{preset_queue.PATH}/{{address}}": Route(get=preset_queue.show, post=preset_queue.add, delete=preset_queue.clear),
    f"{preset_queue.PATH}/{{address}}/batch": Route(post=preset_queue.add_all),
    f"{preset_queue.PATH}/{{address}}/import": Route(post=preset_queue.add_file),
    f"{preset_queue.PATH}/{{address}}/export": Route(get=preset_queue.export),
    about.PATH: Route(get=about.show),
    "/health": Route(get=health.also_live),
    "/healthz": Route(get=health.live),
    "/readyz": Route(get=health.ready),
}
"""Answered on the proxy's own port, and through the proxy on every intercepted host, but for those in `ONLY_HERE`."""

ONLY_HERE = frozenset((about.PATH, "/health"))
ONLY_HERE_BELOW = preset_queue.PATH
"""Answered only where the program itself is meant: at OpenAI's hosts these paths may be something else."""
