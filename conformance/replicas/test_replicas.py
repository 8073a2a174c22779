"""Replicas behind one address: the official SDK sees one server, whatever happens to one of them or to their store."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from conformance.replicas.callers import Caller, call_while, wait_for_more
from conformance.replicas.cluster import REPLICAS, Cluster, running_cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def test_a_rolling_restart_under_load_fails_no_request(cluster: Cluster) -> None:
    def restart_one_by_one(callers: Sequence[Caller]) -> None:
        for replica in cluster.replicas:
            replica.stop()
            replica.start()
            replica.wait_for(200)
        wait_for_more(callers)

    callers = call_while(cluster.url, restart_one_by_one, retries=0)

    assert [caller.unsure for caller in callers] == [[]] * len(callers)
    assert [replica.statuses for replica in cluster.replicas] == [[0]] * REPLICAS
    assert [replica.log for replica in cluster.replicas if "ERROR" in replica.log] == []


def test_after_redis_was_stopped_and_started_all_goes_on_by_itself_and_nothing_is_lost(cluster: Cluster) -> None:
    unready: list[dict[str, Any]] = []

    def stop_and_start(callers: Sequence[Caller]) -> None:
        cluster.stop_redis()
        unready.extend(json.loads(replica.wait_for(503)) for replica in cluster.replicas)
        cluster.start_redis()
        for replica in cluster.replicas:
            replica.wait_for(200)
        cluster.wait_until_balanced()
        wait_for_more(callers)

    callers = call_while(cluster.url, stop_and_start, retries=0)

    assert [each["missing"] for each in unready] == [["store"]] * REPLICAS
    assert all(f"{cluster.redis_machine.address}:{cluster.redis.port}" in each["reason"] for each in unready)
    codes = {code for caller in callers for code in caller.failures}
    assert "store_unavailable" in codes
    assert codes <= {"store_unavailable", "no_replica_ready"}


def test_a_replica_that_is_cut_off_from_redis_is_taken_out_and_the_sdk_sees_nothing_of_it(cluster: Cluster) -> None:
    cut_off = cluster.replicas[0]
    said_before = cut_off.log.count("the store fails")
    unready: list[dict[str, Any]] = []

    def part(callers: Sequence[Caller]) -> None:
        # What it writes arrives, and it never learns of it.
        cluster.redis_machine.lose(cut_off.machine)
        unready.append(json.loads(cut_off.wait_for(503)))
        wait_for_more(callers)
        cluster.redis_machine.find(cut_off.machine)
        cut_off.wait_for(200)
        wait_for_more(callers)

    callers = call_while(cluster.url, part, retries=2)

    assert [each["missing"] for each in unready] == [["store"]]
    assert [caller.failures for caller in callers] == [[]] * len(callers)
    assert cut_off.log.count("the store fails") > said_before
