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


def test_their_contents_have_a_bound_in_bytes_together_and_the_oldest_long_ones_are_shortened() -> None:
    messages = TalkMessages()
    for at in range(20):
        messages = messages.add([_ONE._replace(at=at, content=b"x" * (16 << 10), size=16 << 10)])

    sizes = [len(message.content) for message in messages.kept]
    assert (sizes[0], sizes[-1], len(sizes), messages.recorded) == (128, 16 << 10, 20, 20)
    assert messages.content_bytes == sum(sizes) <= 256 << 10
    assert sizes == sorted(sizes)


def test_after_a_minute_of_sound_the_other_messages_are_still_there() -> None:
    told = [_ONE._replace(at=float(at), content=b'{"type":"session.start"}', size=24) for at in range(3)]
    sound = _ONE._replace(content=b'{"type":"session.input_audio.append"' + b"A" * 6_400, size=6_436)

    messages = TalkMessages().add(told)
    for at in range(1_200):
        messages = messages.add([sound._replace(at=3.0 + at)])

    assert messages.kept[:3] == tuple(told)
    assert (len(messages.kept), messages.recorded) == (1_000, 1_203)
    assert messages.content_bytes == sum(len(message.content) for message in messages.kept) <= 256 << 10
    assert [message.at for message in messages.kept[3:]] == [float(at) for at in range(206, 1_203)]
    assert messages.kept[3].content.startswith(b'{"type":"session.input_audio.append"')


def test_a_message_of_an_answer_stays_when_pieces_of_sound_are_dropped() -> None:
    answered = _ONE._replace(by_client=False, content=b"", size=500, exchange=7)
    sound = _ONE._replace(content=b"s" * 200, size=20_000)

    messages = TalkMessages().add([answered, *[sound] * 1_500])

    assert messages.kept[0] == answered


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
