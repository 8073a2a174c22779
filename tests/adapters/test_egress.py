from llemulator_addon.adapters.egress import Egress
from llemulator_addon.core.egress import HostEgress


def test_each_fate_is_counted_by_host_in_the_order_of_names() -> None:
    egress = Egress()
    for host, fate in (("b.test", "passed"), ("a.test", "answered"), ("b.test", "passed"), ("b.test", "refused")):
        egress.count(host, fate)  # type: ignore[arg-type] # a table of texts

    assert egress.report() == (
        HostEgress(host="a.test", answered=1),
        HostEgress(host="b.test", passed=2, refused=1),
    )


def test_names_beyond_the_bound_are_counted_together() -> None:
    egress = Egress()
    for number in range(10_100):
        egress.count(f"{number}.test", "refused")
    egress.count("0.test", "refused")

    report = {each.host: each.refused for each in egress.report()}
    assert (len(report), report["0.test"], report["(others)"]) == (10_001, 2, 100)


def test_hosts_with_names_that_no_host_can_have_are_counted_together() -> None:
    egress = Egress()
    for name in ("a" * 253, "b" * 254, "c" * 1_000_000):
        egress.count(name, "refused")

    assert [(each.host, each.refused) for each in egress.report()] == [("(others)", 2), ("a" * 253, 1)]
