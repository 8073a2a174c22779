"""Ways in for what reads no proxy variable: names that lead here, and a firewall that does.

docs/ways-in.md tells of both. Each has a network of its own, in which variables say which certificate to trust and
nothing else.
"""

import dataclasses
import datetime as dt
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import llemulator_addon
from conformance.clients.catalogue import SAID, WITHOUT_PROXY, Client, environment, placed
from conformance.clients.namespaces import (
    API_SERVER,
    NOWHERE,
    OTHER_ADDRESS,
    Namespace,
    NotListening,
    listening,
    namespace,
)
from conformance.server import plain_environment
from llemulator_addon.adapters.trust import PASSWORD

_OPENAI, _OTHER = "api.openai.com", "other.test"
_SCRIPT = f'rules: [{{match: {{user_text: "^Hello$"}}, reply: "{SAID}"}}]\n'
_ADDON = Path(llemulator_addon.__file__).parent / "addon.py"
_OTHER_HOST = Path(__file__).parent / "other_host.py"
_REDIRECTED_TO = 8081
_SECONDS = 300
_CURL_DISTRUSTS = 60
"""The status with which curl ends where it does not trust a certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way in."""

    name: str
    address: str
    """Where the name of OpenAI's host leads."""
    proxy: tuple[str, ...]
    is_redirected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network in which a proxy runs."""

    inside: Namespace
    folder: Path

    def run(self, command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a program that trusts the certificate and knows nothing else."""
        certs = self.folder / "certs"
        trust = {
            **dict.fromkeys(("SSL_CERT_FILE", "CURL_CA_BUNDLE"), str(certs / "bundle.pem")),
            "NODE_EXTRA_CA_CERTS": str(certs / "ca.pem"),
            "JAVA_TOOL_OPTIONS": f"-Djavax.net.ssl.trustStore={certs / 'trust.p12'}"
            f" -Djavax.net.ssl.trustStorePassword={PASSWORD}",
        }
        return subprocess.run(
            self.inside(*command),
            cwd=folder,
            env={**environment(plain_environment()), **trust, "OPENAI_API_KEY": "sk-any"},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )


def _llemulator(listen: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "llemulator_addon", "--port", "0", "--listen", listen)


def _mitmdump(mode: str) -> tuple[str, ...]:
    program = "from mitmproxy.tools.main import mitmdump; mitmdump()"
    return (sys.executable, "-c", program, "--quiet", "--set", "flow_detail=0", "--mode", mode, "-s", str(_ADDON))


_TRANSPARENT = f"transparent@{_REDIRECTED_TO}"
_BY_NAME = Way(name="by name", address="127.0.0.1", proxy=_llemulator("443"))
_REDIRECTED = Way(name="redirected", address=NOWHERE, proxy=_llemulator(_TRANSPARENT), is_redirected=True)
_IN_MITMDUMP = (
    Way(name="by name, mitmdump", address="127.0.0.1", proxy=_mitmdump("regular@127.0.0.1:443")),
    Way(name="redirected, mitmdump", address=NOWHERE, proxy=_mitmdump(_TRANSPARENT), is_redirected=True),
)


@contextmanager
def _network(way: Way, folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[Network]:
    (folder / "script.yaml").write_text(_SCRIPT)
    settings = {"LLEMULATOR_SCRIPT": "script.yaml", "LLEMULATOR_CERTS": "certs", **(variables or {})}
    with namespace({_OPENAI: way.address, _OTHER: OTHER_ADDRESS}) as inside:
        if way.is_redirected:
            inside.redirect(to=_REDIRECTED_TO)
        command = inside.as_proxy(*way.proxy)
        with listening(command, mark="llemulator listens on", folder=folder, variables=settings):
            yield Network(inside=inside, folder=folder)


@pytest.fixture(scope="module", params=(_BY_NAME, _REDIRECTED), ids=lambda way: way.name)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with _network(request.param, tmp_path_factory.mktemp("network")) as found:
        yield found


@pytest.mark.parametrize("client", WITHOUT_PROXY, ids=lambda client: client.name)
def test_a_client_that_reads_no_proxy_variable_is_answered(client: Client, network: Network, tmp_path: Path) -> None:
    ended = network.run(placed(client, tmp_path), tmp_path)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count(SAID) == client.asks, ended.stdout + ended.stderr


@pytest.mark.parametrize("way", _IN_MITMDUMP, ids=lambda way: way.name)
def test_stock_mitmdump_takes_such_a_client_as_well(way: Way, tmp_path: Path) -> None:
    with _network(way, tmp_path) as network:
        ended = network.run(placed(WITHOUT_PROXY[0], tmp_path), tmp_path)

    assert ended.stdout.count(SAID) == 1, ended.stdout + ended.stderr


def test_a_program_that_is_run_comes_by_name_as_well(tmp_path: Path) -> None:
    (client,) = (each for each in WITHOUT_PROXY if each.name == "PHP, streams")
    run = (sys.executable, "-m", "llemulator_addon", "run", "--hermetic", "--strict", "--listen", "443")
    (tmp_path / "script.yaml").write_text(_SCRIPT)
    with namespace({_OPENAI: "127.0.0.1"}) as inside:
        command = [*run, "--script", "script.yaml", "--", *placed(client, tmp_path)]
        ended = Network(inside=inside, folder=tmp_path).run(command, tmp_path)

    assert (ended.returncode, ended.stdout.count(SAID)) == (0, 1), ended.stderr


def test_mitmdump_in_local_mode_takes_a_program_by_its_name(tmp_path: Path) -> None:
    # It looks at the programs of the whole machine, so the name is one that no other has.
    program = tmp_path / f"ask-{uuid.uuid4().hex[:8]}"
    shutil.copy(_curl(), program)
    if shutil.which("sudo") is None:
        pytest.skip("mitmproxy starts its redirector by sudo, which is not on this machine")
    with namespace({_OPENAI: NOWHERE, _OTHER: OTHER_ADDRESS}) as inside:
        # What it hooks into is version 2 of cgroups, which not every machine has in its place.
        command = inside("sh", "-c", 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"', "sh", *_local(program.name))
        network = Network(inside=inside, folder=tmp_path)
        try:
            with (
                listening(command, mark="Local redirector started", folder=tmp_path, variables={}),
                _other_host(network),
            ):
                ended = network.run((str(program), "-sS", f"https://{_OPENAI}/healthz"), tmp_path)
                other = _ask(network, _OTHER, by=str(program))
        except NotListening as error:
            pytest.skip(f"mitmproxy's local mode does not run here: {error}")

    assert '"status": "ok"' in ended.stdout, ended.stderr
    assert other.stdout == "another host\n", other.stderr


def _local(program: str) -> tuple[str, ...]:
    command = list(_mitmdump(f"local:{program}"))
    command.remove("--quiet")
    return tuple(command)


# Other hosts ----------------------------------------------------------------------------------------------------------


def test_a_redirected_connection_to_another_host_goes_on_to_it_untouched(tmp_path: Path) -> None:
    with _network(_REDIRECTED, tmp_path) as network, _other_host(network):
        by_name, by_address = (_ask(network, host) for host in (_OTHER, OTHER_ADDRESS))

    # They trust that host's own certificate alone.
    assert (by_name.stdout, by_address.stdout) == ("another host\n", "another host\n"), by_name.stderr


def test_a_regular_port_to_which_is_redirected_decrypts_other_hosts_too(
    tmp_path: Path,
) -> None:
    regular = dataclasses.replace(_REDIRECTED, proxy=_llemulator(str(_REDIRECTED_TO)))
    with _network(regular, tmp_path) as network, _other_host(network):
        openai = network.run((_curl(), "-sS", f"https://{_OPENAI}/healthz"), tmp_path)
        other = _ask(network, _OTHER)

    assert '"status": "ok"' in openai.stdout, openai.stderr
    assert (other.returncode, other.stdout) == (_CURL_DISTRUSTS, ""), other.stderr


@pytest.mark.parametrize(("allow", "came"), [("", ""), (_OTHER, "another host\n")])
def test_a_hermetic_proxy_lets_a_redirected_connection_through_by_the_name_in_it(
    tmp_path: Path, allow: str, came: str
) -> None:
    settings = {"LLEMULATOR_HERMETIC": "true", "LLEMULATOR_ALLOW": allow}
    with _network(_REDIRECTED, tmp_path, settings) as network, _other_host(network):
        ended = _ask(network, _OTHER)

    assert ended.stdout == came, ended.stderr


@pytest.mark.parametrize(
    ("family", "address", "kind"),
    [
        ("AF_INET", "192.0.2.1", "SOCK_DGRAM"),
        ("AF_INET6", "2001:db8::1", "SOCK_DGRAM"),
        ("AF_INET6", "2001:db8::1", "SOCK_STREAM"),
    ],
)
def test_what_is_not_redirected_is_refused_at_once(family: str, address: str, kind: str, tmp_path: Path) -> None:
    with namespace({}) as inside:
        inside.redirect(to=_REDIRECTED_TO)
        program = (
            f"import socket; s = socket.socket(socket.{family}, socket.{kind}); s.settimeout(20);"
            f" s.connect(('{address}', 443)); s.send(b'x'); s.recv(1)"
        )
        ended = Network(inside=inside, folder=tmp_path).run((sys.executable, "-c", program), tmp_path)

    assert ended.stderr.splitlines()[-1].startswith(("ConnectionRefusedError", "PermissionError")), ended.stderr


def test_a_cluster_s_api_server_is_reached_past_a_hermetic_proxy(tmp_path: Path) -> None:
    with _network(_REDIRECTED, tmp_path, {"LLEMULATOR_HERMETIC": "true"}) as network, _other_host(network, API_SERVER):
        ended = _ask(network, API_SERVER)

    assert ended.stdout == "another host\n", ended.stderr


def test_a_redirected_connection_to_a_public_address_that_names_no_host_is_refused(tmp_path: Path) -> None:
    with _network(_REDIRECTED, tmp_path) as network:
        ended = network.run((_curl(), "-sS", "--insecure", "https://1.1.1.1/"), tmp_path)

    assert ended.returncode != 0
    assert "refused a connection to 1.1.1.1: the client names no host" in (tmp_path / "said").read_text()


def _ask(network: Network, host: str, by: str | None = None) -> subprocess.CompletedProcess[str]:
    certificate = network.folder / "other.pem"
    return network.run((by or _curl(), "-sS", "--cacert", str(certificate), f"https://{host}/"), network.folder)


def _curl() -> str:
    return shutil.which("curl") or pytest.skip("curl is not on this machine")


@contextmanager
def _other_host(network: Network, address: str = OTHER_ADDRESS) -> Iterator[None]:
    (network.folder / "other.pem").write_bytes(_certificate())
    folder = network.folder / "other"
    folder.mkdir()
    command = network.inside(sys.executable, str(_OTHER_HOST), address, str(network.folder / "other.pem"))
    with listening(command, mark="listens", folder=folder, variables={}):
        yield


def _certificate() -> bytes:
    """Return a key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _OTHER)])
    now = dt.datetime.now(dt.UTC)
    addresses = [x509.IPAddress(IPv4Address(address)) for address in (OTHER_ADDRESS, API_SERVER)]
    names = x509.SubjectAlternativeName([x509.DNSName(_OTHER), *addresses])
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
