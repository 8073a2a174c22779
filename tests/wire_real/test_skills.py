"""Skills with the official SDK, over real sockets."""

from io import BytesIO
from zipfile import ZipFile

from conformance.server import running
from tests.wire_real.sdk import official

_MANIFEST = b"---\nname: adder\ndescription: Adds up.\n---\n"


def test_a_skill_is_uploaded_versioned_downloaded_and_deleted() -> None:
    with running() as server, official(server, "sk-skills") as client:
        made = client.skills.create(files=[("adder/SKILL.md", _MANIFEST), ("adder/add.py", b"print(2)")])
        second = client.skills.versions.create(made.id, files=("adder/SKILL.md", _MANIFEST), default=True)

        with ZipFile(BytesIO(client.skills.versions.content.retrieve("1", skill_id=made.id).read())) as zipped:
            assert zipped.read("adder/add.py") == b"print(2)"
        assert client.skills.retrieve(made.id).default_version == second.version == "2"
        assert client.skills.update(made.id, default_version="1").latest_version == "2"
        assert [each.version for each in client.skills.versions.list(made.id)] == ["2", "1"]
        assert client.skills.delete(made.id).deleted
        assert list(client.skills.list()) == []
