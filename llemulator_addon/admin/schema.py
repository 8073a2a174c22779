"""`/_emulator/script.schema.json`: the language as a JSON schema, for editors."""

from llemulator_addon.admin.route import AdminCall, answer
from llemulator_addon.core.steps import Steps
from llemulator_addon.script.schema import schema_text

PRODUCES = "application/schema+json"


def show(_: AdminCall) -> Steps:
    """Answer with the schema."""
    return answer(schema_text(), PRODUCES)
