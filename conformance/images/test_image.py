"""The image does what docs/docker.md says, in a network that has nothing but its loopback."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from conformance.images.containers import RESTRICTED, ROOT, Container, inspect, run, running

IMAGE = "llemulator:0.1.0"
APP = "chat:0.1.0"
KEY = ("--env", "OPENAI_API_KEY=any-text")

pytestmark = pytest.mark.usefixtures("images")


@pytest.fixture(scope="module")
def proxy() -> Iterator[Container]:
    flags = ("--volume", f"{ROOT}/scripts:/scripts:ro", "--env", "LLEMULATOR_SCRIPT=/scripts/hello.yaml")
    with running(IMAGE, flags=(*RESTRICTED, *flags)) as container:
        container.wait_for("llemulator-probe", "/readyz")
        yield container


def test_it_runs_as_a_user_without_rights_on_a_read_only_root(proxy: Container) -> None:
    status = proxy.execute("cat", "/proc/1/status").said
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)

    assert proxy.execute("id", "-u").said.strip() == "10001"
    assert {lines[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert lines["NoNewPrivs"] == "1"
    assert "Read-only file system" in proxy.execute("touch", "/opt/x").said


def test_an_application_is_answered_through_a_base_url(proxy: Container) -> None:
    got = run(
        APP,
        "--once",
        flags=(*RESTRICTED, *KEY, "--env", "OPENAI_BASE_URL=http://127.0.0.1:8080/v1"),
        network=f"container:{proxy.name}",
    )

    assert got.status == 0, got.said
    assert "answer: Hello from llemulator!" in got.said
    assert "stream: Hello from llemulator!" in got.said


def test_an_application_is_answered_with_the_variables_and_volumes_of_the_compose_file(tmp_path: Path) -> None:
    services = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
    tmp_path.chmod(0o777)
    with running(services["llemulator"]["image"], flags=_flags(services["llemulator"], tmp_path)) as proxy:
        proxy.wait_for(*services["llemulator"]["healthcheck"]["test"][1:])
        got = run(
            services["chat"]["image"],
            "--once",
            flags=_flags(services["chat"], tmp_path),
            network=f"container:{proxy.name}",
        )

    assert got.status == 0, got.said
    assert "answer: Hello from llemulator!" in got.said


_UNSET = re.compile(r"\$\{\w+:?-([^}]*)\}")
"""A variable of the shell with its default."""


def _flags(service: dict[str, dict[str, str]], certs: Path) -> tuple[str, ...]:
    """Return what a service says as flags; here, llemulator is not another machine."""
    volumes = [
        str(volume).replace("certs:", f"{certs}:", 1).replace("./", f"{ROOT}/", 1) for volume in service["volumes"]
    ]
    variables = [
        f"{name}={_UNSET.sub(r'\1', value)}".replace("//llemulator:", "//127.0.0.1:")
        for name, value in service["environment"].items()
    ]
    return (
        *RESTRICTED,
        *(word for volume in volumes for word in ("--volume", volume)),
        *(word for variable in variables for word in ("--env", variable)),
    )


def test_a_browser_gets_the_console_with_all_its_files(proxy: Container) -> None:
    # Python's own client: the image has no curl.
    program = (
        "import re, urllib.request as asking\n"
        "def ask(path):\n"
        "    asked = asking.Request(f'http://127.0.0.1:8080{path}', headers={'Accept': 'text/html'})\n"
        "    with asking.urlopen(asked) as answer: return answer.headers['Content-Type'], answer.read().decode()\n"
        "kind, page = ask('/')\n"
        'files = re.findall(r\'(?:src|href)="(/_emulator/console/[^"]+)"\', page)\n'
        "print(kind, *(ask(file)[0] for file in files))"
    )

    said = proxy.execute("python", "-c", program).said

    assert said.startswith("text/html; charset=utf-8 ")
    assert "text/javascript; charset=utf-8" in said
    assert "text/css; charset=utf-8" in said


def test_preset_queues_are_kept_in_a_file_that_is_mounted_into_the_container(tmp_path: Path) -> None:
    file = tmp_path / "preset_queues.json"
    file.touch()
    file.chmod(0o666)
    mounted = ("--volume", f"{file}:/preset_queues.json", "--env", "LLEMULATOR_PRESET_QUEUES=/preset_queues.json")
    add = (
        "import json, urllib.request as asking\n"
        "body = json.dumps({'response': {'id': 'kept'}}).encode()\n"
        "url = 'http://127.0.0.1:8080/api/preset-queue/127.0.0.1'\n"
        "asking.urlopen(asking.Request(url, body, {'Content-Type': 'application/json'}))"
    )
    with running(IMAGE, flags=(*RESTRICTED, *mounted)) as container:
        container.wait_for("llemulator-probe", "/readyz")
        added = container.execute("python", "-c", add)
        assert container.stop() == 0

    assert added.status == 0, added.said
    assert '"id": "kept"' in file.read_text()


def test_the_health_check_is_the_image_s_own_and_succeeds(proxy: Container) -> None:
    image = inspect(IMAGE)
    check = image["Config"].get("Healthcheck") or image["Healthcheck"]  # Docker's place, podman's place

    assert check["Test"] == ["CMD", "llemulator-probe", "/healthz"]
    assert proxy.execute(*check["Test"][1:]).status == 0
    assert proxy.execute("llemulator-probe", "/nowhere").status == 1


def test_it_ends_well_at_its_stop_signal() -> None:
    with running(IMAGE) as proxy:
        proxy.wait_for("llemulator-probe", "/readyz")

        assert inspect(IMAGE)["Config"]["StopSignal"] == "SIGTERM"
        assert proxy.stop() == 0


def test_mitmdump_takes_the_addon_by_its_bare_name_in_the_working_folder() -> None:
    with running(IMAGE, "-s", "llemulator_addon", flags=(*RESTRICTED, "--entrypoint", "mitmdump")) as proxy:
        proxy.wait_for("llemulator-probe", "/readyz")
        got = run(
            APP,
            "--once",
            flags=(*RESTRICTED, *KEY, "--env", "OPENAI_BASE_URL=http://127.0.0.1:8080/v1"),
            network=f"container:{proxy.name}",
        )

    assert got.status == 0, got.said
    assert "answer: Hello there" in got.said


def test_a_user_that_a_platform_makes_up_can_run_it() -> None:
    with running(IMAGE, flags=(*RESTRICTED, "--user", "1000670000:0")) as proxy:
        proxy.wait_for("llemulator-probe", "/readyz")

        assert proxy.execute("stat", "--format=%u %a", "/certs/mitmproxy-ca.pem").said.strip() == "1000670000 600"


def test_every_module_that_a_start_needs_is_there_as_byte_code() -> None:
    program = (
        "import os, sys, llemulator_addon.adapters.command_line, llemulator_addon.adapters.compose,"
        " llemulator_addon.adapters.mitmproxy.master\n"
        "print(*(name for name, module in sys.modules.items() if getattr(module, '__cached__', None)"
        " and not os.path.exists(module.__cached__)))"
    )

    assert run(IMAGE, "-c", program, flags=(*RESTRICTED, "--entrypoint", "python")).said.split() == []
