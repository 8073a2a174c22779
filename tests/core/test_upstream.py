"""Upstreams and the keys for them, as an option or a variable names them."""

import pytest

from llemulator_addon.core.upstream import keys_in


def test_a_key_is_for_all_hosts_or_for_the_one_before_it() -> None:
    keys = keys_in("sk-all, API.example.=sk-one=")

    assert (keys.find("api.example"), keys.find("elsewhere.example"), bool(keys)) == ("sk-one=", "sk-all", True)


def test_a_key_may_end_in_signs_of_base64() -> None:
    assert keys_in("c2VjcmV0==").find("any.example") == "c2VjcmV0=="


@pytest.mark.parametrize(
    ("text", "problem"), [("sk-1,sk-2", "two keys without a host; write HOST=KEY"), (" , ", "no key")]
)
def test_keys_that_cannot_be_told_apart_are_refused_without_being_quoted(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}$"):
        keys_in(text)
