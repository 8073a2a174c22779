"""`/_emulator/script/check`: what is wrong with a script, without loading it."""

from functools import partial

from llemulator_addon.admin.route import AdminCall, json_answer
from llemulator_addon.admin.script import find_language
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Steps
from llemulator_addon.live.threads import run_in_thread
from llemulator_addon.script.doubtful import find_doubtful
from llemulator_addon.script.reader import read_text
from llemulator_addon.script.script_error import ScriptError


async def check(call: AdminCall) -> Steps:
    """Say how many rules a script has, or where it has problems; `warnings` are rules that may surprise."""
    return await run_in_thread(partial(_check, call.request), len(call.request.body))


def _check(request: Request) -> Steps:
    try:
        script = read_text(request.body, find_language(request))
    except ScriptError as error:
        problems = [{"place": each.place, "reason": each.reason} for each in error.problems]
        return json_answer({"object": "script.check", "rules": 0, "problems": problems, "warnings": []})
    warnings = list(find_doubtful(script.rules))
    return json_answer({"object": "script.check", "rules": len(script.rules), "problems": [], "warnings": warnings})
