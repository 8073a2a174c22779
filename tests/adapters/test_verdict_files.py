import json
from html.parser import HTMLParser
from typing import override
from xml.etree import ElementTree as ET

from llemulator_addon.adapters.verdict_files import RunReport, write_html, write_json, write_junit
from llemulator_addon.client import Exchange, Finding, HostEgress, RuleUse, Verdict

_UNUSED = Finding(name="unused", sentence='Rule "a" never answered.', rule="a", requests=(), evidence={})
_UNMATCHED = Finding(name="unmatched", sentence="Request 1 <&>\x00 …", rule=None, requests=(1,), evidence={})
_STORM = Finding(
    name="retry_storm", sentence="Request 1 was tried 9 times", rule=None, requests=(1,), evidence={"n": 9}
)


def _told(*findings: Finding) -> RunReport:
    exchange = Exchange(
        number=1, at=0.0, method="POST", host="api.openai.com", path="/v1/x", endpoint="chat.completions",
        model="gpt-4o", stream=False, user_text="<b>\x07hello", rule=None, unmatched="x", status=400,
    )  # fmt: skip
    return RunReport(
        verdict=Verdict(passed=not findings, findings=findings, requests=1, answered=0, unmatched=1),
        rules=(RuleUse(name="a", answered=0, left=1, written={}), RuleUse(name="b", answered=1, left=None, written={})),
        exchanges=(exchange,),
        hosts=(HostEgress(host="api.openai.com", answered=1),),
    )


def test_junit_has_a_case_for_each_rule_request_and_other_finding() -> None:
    suite = ET.fromstring(write_junit(_told(_UNUSED, _UNMATCHED, _STORM)).encode())[0]  # noqa: S314 - our own text

    assert (suite.get("tests"), suite.get("failures")) == ("4", "3")
    assert [(case.get("classname"), case.get("name"), len(case)) for case in suite] == [
        ("llemulator.rules", "a", 1),
        ("llemulator.rules", "b", 0),
        ("llemulator.requests", "1 chat.completions <b>hello", 1),
        ("llemulator.findings", "retry_storm", 1),
    ]
    assert suite[2][0].attrib == {"type": "unmatched", "message": "Request 1 <&> …"}


def test_junit_without_findings_has_no_failure() -> None:
    assert "<failure" not in write_junit(_told())


def test_json_is_all_of_it() -> None:
    report = json.loads(write_json(_told(_STORM)))

    assert set(report) == {"verdict", "rules", "exchanges", "hosts"}
    assert report["verdict"]["findings"][0] == {
        "name": "retry_storm", "sentence": "Request 1 was tried 9 times", "rule": None, "requests": [1],
        "evidence": {"n": 9},
    }  # fmt: skip


def test_html_shows_texts_of_clients_as_texts() -> None:
    tags: list[str] = []

    class Tags(HTMLParser):
        @override
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.append(tag)

    page = write_html(_told(_UNMATCHED))
    Tags().feed(page)

    assert "b" not in tags
    assert "1 finding<" in page
    assert '<a href="#request-1">' in page
    assert 'id="request-1" class="bad"' in page
    assert "No findings" in write_html(_told())
