import pytest

from llemulator_addon.adapters.openai_keys import has_key

_SECRET = "Ab3" * 16


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", f"Bearer sk-{_SECRET}"),
        ("authorization", f"Bearer sk-proj-{_SECRET}"),
        ("authorization", f"Bearer sk-svcacct-{_SECRET}"),
        ("x-anything", f"sess-{_SECRET}"),
        ("sec-websocket-protocol", f"realtime, openai-insecure-api-key.ek_{_SECRET}"),
        ("cookie", f"a=b; key=sk%2D{_SECRET}"),
        ("api-key", "0123456789abcdef" * 2),
        ("Ocp-Apim-Subscription-Key", "A1b" * 28),
    ],
)
def test_keys_of_openai_and_azure_are_found_wherever_they_stand(name: str, value: str) -> None:
    assert has_key([(name, value)], [])
    assert has_key([], [("x", "y"), (name, value)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorization", "Bearer sk-test"),
        ("authorization", f"Bearer sk-ant-{_SECRET}"),
        ("authorization", f"Bearer sk-or-{_SECRET}"),
        ("authorization", f"Bearer ghp_{_SECRET}"),
        ("x-task", f"task-{_SECRET}"),
        ("x-request-id", "0123456789abcdef" * 2),
    ],
)
def test_what_belongs_to_others_is_none(name: str, value: str) -> None:
    assert not has_key([(name, value)], [])
