from llemulator_addon.core.outcome import Ending
from llemulator_addon.core.prompt import Message, Prompt
from llemulator_addon.core.request import Request
from llemulator_addon.core.steps import Head, Send
from llemulator_addon.engine.journal import Basis, Exchange, Journal

_ANSWER = (Head(200), Send(b"x" * 1000))


def _request(body: bytes = b"{}", at: float = 1.0) -> Request:
    headers = {"authorization": "Bearer sk-secret", "user-agent": "OpenAI/Python 3.52.0"}
    return Request(
        method="POST",
        path="/v1/chat/completions",
        query=(("api-key", "k"), ("a", "b")),
        headers=headers,
        body=body,
        at=at,
    )


def _recorded(journal: Journal, times: int, body: bytes = b"{}") -> Journal:
    for _ in range(times):
        journal = journal.record(_request(body), _ANSWER)
    return journal


def _numbers(journal: Journal) -> list[int]:
    return [exchange.number for exchange in journal]


def test_an_exchange_is_kept_without_the_secrets_of_its_request() -> None:
    (exchange,) = Journal().record(_request(), _ANSWER, Basis(endpoint="chat.completions", rule="greeting"))

    assert exchange == Exchange(
        number=1,
        at=1.0,
        method="POST",
        host="api.openai.com",
        path="/v1/chat/completions",
        query=(("api-key", "***"), ("a", "b")),
        headers={"authorization": "***", "user-agent": "OpenAI/Python 3.52.0"},
        body=b"{}",
        body_bytes=2,
        endpoint="chat.completions",
        rule="greeting",
        steps=_ANSWER,
        fingerprint=exchange.fingerprint,
        size=exchange.size,
    )


def test_above_its_limit_the_oldest_makes_room() -> None:
    assert _numbers(_recorded(Journal(limit=3), 5)) == [3, 4, 5]


def test_above_its_limit_of_memory_the_oldest_make_room() -> None:
    size = _recorded(Journal(), 1).size

    assert _numbers(_recorded(Journal(size_limit=3 * size), 5)) == [3, 4, 5]


def test_one_exchange_is_kept_even_if_it_alone_is_too_large() -> None:
    assert _numbers(_recorded(Journal(size_limit=1), 2)) == [2]


def test_its_size_is_that_of_what_is_kept() -> None:
    size = _recorded(Journal(), 1).size

    assert _recorded(Journal(limit=3), 100).size == 3 * size


def test_an_emptied_journal_counts_on() -> None:
    emptied = _recorded(Journal(limit=3), 5).emptied()

    assert (list(emptied), emptied.size, _numbers(_recorded(emptied, 1))) == ([], 0, [6])


def test_how_an_answer_ended_is_noted_with_its_exchange() -> None:
    ending = Ending(how="whole", bytes_sent=1000, sends=1, seconds=0.5)

    assert [each.ending for each in _recorded(Journal(), 2).ended(1, ending)] == [ending, None]


def test_an_ending_does_not_go_to_the_exchange_that_took_the_place() -> None:
    ending = Ending(how="whole", bytes_sent=1000, sends=1, seconds=0.5)
    full = _recorded(Journal(limit=2), 3)

    assert [full.ended(1, ending)] == [full]


def test_an_ending_goes_when_its_exchange_makes_room() -> None:
    ending = Ending(how="whole", bytes_sent=1000, sends=1, seconds=0.5)
    journal = _recorded(Journal(limit=2), 2).ended(1, ending)

    assert [each.ending for each in _recorded(journal, 1)] == [None, None]


def test_of_a_large_body_the_beginning_is_kept_and_what_lists_show_of_its_prompt() -> None:
    prompt = Prompt(endpoint="chat.completions", model="m", messages=(Message(role="user", text="x" * 9_000_000),))
    (exchange,) = Journal().record(_request(b"x" * 9_000_000), _ANSWER, Basis(prompt=prompt))

    assert (len(exchange.body), exchange.body_bytes, len(exchange.user_text or "")) == (262_144, 9_000_000, 2_000)


def test_of_a_large_answer_the_beginning_is_kept() -> None:
    (exchange,) = Journal().record(_request(), (Head(200), *[Send(b"x" * 100_000)] * 5))

    assert [len(step.piece) for step in exchange.steps if isinstance(step, Send)] == [100_000, 100_000, 62_144]


def test_requests_with_the_same_body_have_the_same_fingerprint() -> None:
    one, same, other = Journal().record(_request(b"1"), ()).record(_request(b"1"), ()).record(_request(b"2"), ())

    assert (one.fingerprint == same.fingerprint, one.fingerprint == other.fingerprint) == (True, False)
