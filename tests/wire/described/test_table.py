import subprocess
import sys
import tracemalloc

import pytest

from llemulator_addon.wire.described.collections import nameless
from llemulator_addon.wire.described.operations import index_operations, list_described
from llemulator_addon.wire.described.table import Described, Table, read_table
from llemulator_addon.wire.endpoints import ENDPOINTS, OPERATIONS
from llemulator_addon.wire.routing import Found, find
from tools.make_operations import find_all

_MEBIBYTE = 1 << 20


@pytest.mark.long
def test_the_table_has_every_operation_of_the_installed_sdk() -> None:
    called = {(each.method, nameless(each.path)) for each in find_all()}

    assert {(each.method, nameless(each.path)) for each in read_table().operations} == called


def test_no_two_operations_have_one_name() -> None:
    names = [*ENDPOINTS, *OPERATIONS, *(each.name for each in list_described())]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("described", list_described(), ids=lambda each: each.name)
def test_a_path_of_the_table_leads_to_its_operation(described: Described) -> None:
    path = "/".join("x" if each.startswith("{") else each for each in described.path.split("/"))

    found = find(described.method, f"/v1{path}")

    assert isinstance(found, Found)
    assert found.operation == index_operations()[described.name]


def test_an_operation_with_a_file_of_its_own_is_never_answered_by_the_table() -> None:
    written = {(each.method, nameless(each.path)) for each in ENDPOINTS.values()}
    written |= {(each.method, nameless(each.path)) for each in OPERATIONS.values()}

    assert written & {(each.method, nameless(each.path)) for each in list_described()} == set()


@pytest.mark.long
def test_the_table_and_libraries_for_few_operations_are_read_only_when_they_are_needed() -> None:
    program = """
import sys
from llemulator_addon.adapters import compose
from llemulator_addon.wire.described.table import read_table
from llemulator_addon.wire.routing import find
find("POST", "/v1/chat/completions")
print(read_table.cache_info().currsize)
find("GET", "/v1/vaults")
print(read_table.cache_info().currsize)
print(sorted({"PIL", "pypdf", "docx", "prometheus_client"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout.split() == ["0", "1", "[]"]


def test_the_table_takes_less_than_two_mebibytes_of_memory() -> None:
    read_table.cache_clear()
    tracemalloc.start()
    table = read_table()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert isinstance(table, Table)
    assert taken < 2 * _MEBIBYTE
