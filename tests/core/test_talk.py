from llemulator_addon.core.talk import TalkMessage, TalkMessages

_ONE = TalkMessage(1.0, by_client=True, content=b"x", size=1)


def test_the_newest_messages_of_a_connection_are_kept() -> None:
    messages = TalkMessages()
    for number in range(1, 1_502):
        messages = messages.add([_ONE._replace(at=float(number))])

    assert (messages.recorded, len(messages.kept), messages.content_bytes) == (1_501, 1_000, 1_000)
    assert (messages.kept[0].at, messages.kept[-1].at) == (502.0, 1_501.0)


def test_of_a_long_message_the_beginning_is_kept_and_how_long_it_was() -> None:
    (kept,) = TalkMessages().add([_ONE._replace(content=b"x" * 1_000_000, size=1_000_000)]).kept

    assert (len(kept.content), kept.size) == (16 << 10, 1_000_000)


def test_their_contents_have_a_bound_in_bytes_together() -> None:
    messages = TalkMessages().add([_ONE._replace(content=b"x" * (16 << 10))] * 20)

    assert (len(messages.kept), messages.content_bytes, messages.recorded) == (16, 256 << 10, 20)


def test_exchanges_that_are_no_longer_kept_have_no_number() -> None:
    messages = TalkMessages(tuple(_ONE._replace(exchange=number) for number in (3, 4))).renumber({4: 1})

    assert [message.exchange for message in messages.kept] == [0, 1]


def test_a_message_that_began_an_exchange_gets_its_number_and_its_content_is_kept_there() -> None:
    other = _ONE._replace(at=2.0, content=b"other", size=5)
    begun = _ONE._replace(exchange=7, size=0)

    messages = TalkMessages().add([_ONE, other]).add([begun])

    assert messages.kept == (_ONE._replace(content=b"", exchange=7), other)
    assert (messages.recorded, messages.content_bytes) == (2, 5)


def test_a_message_that_is_not_the_body_of_its_exchange_keeps_its_content() -> None:
    messages = TalkMessages().add([_ONE]).add([_ONE._replace(exchange=7, content=b"another body")])

    assert messages.kept == (_ONE._replace(exchange=7),)


def test_an_exchange_that_no_message_began_is_no_message() -> None:
    messages = TalkMessages().add([_ONE]).add([_ONE._replace(at=2.0, exchange=7)])

    assert messages.kept == (_ONE,)
