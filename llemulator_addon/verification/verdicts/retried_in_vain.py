"""`retried_in_vain`: tried again what cannot get better."""

from collections.abc import Iterator

from llemulator_addon.verification.finding import Finding, cite
from llemulator_addon.verification.verdicts.client_history import Attempt, ClientHistory, gap


def find_retries_in_vain(asking: ClientHistory) -> Iterator[Finding]:
    """Look for attempts after an error that says that the request is wrong, or after a success.

    OpenAI's SDKs try again after 408, 409, 429 and from 500 on, and if `x-should-retry` is `true`.
    """
    for before, after in asking.retries:
        if before.told is None and not before.worth_a_retry and (why := _why(before, after)) is not None:
            yield Finding(
                name="retried_in_vain",
                sentence=f"{cite(before.exchange)} {why}, and was sent again as request {after.number}; "
                "that cannot get better by trying again.",
                exchanges=(before.number, after.number),
                evidence={"status": before.exchange.status, "seconds_between": round(gap(before, after), 3)},
            )


def _why(before: Attempt, after: Attempt) -> str | None:
    match before.outcome:
        case "refused":
            return f"was refused with {before.exchange.status}"
        case "whole" if after.client.retry:
            return f"was answered whole with {before.exchange.status}"
        case _:
            return None
