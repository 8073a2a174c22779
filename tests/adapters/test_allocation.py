import platform
import subprocess
import sys

import pytest


def _is_glibc() -> bool:
    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"


_BEGIN = """
import asyncio
from pathlib import Path
from llemulator_addon.adapters import allocation

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

allocation.give_back_large_blocks()
"""
_LARGE_BLOCKS = """
for size in range(1, 31):
    bytes([size]) * (size << 20)
before = resident()
blocks, between = [], []
for number in range(1, 11):
    blocks.append(bytes([number]) * (4 << 20))
    between.append(bytes([number]) * 1_000)
blocks.clear()
print(resident() - before)
"""
_SMALL_BLOCKS = """
async def wait():
    with_task = asyncio.create_task(allocation.give_back_what_is_free())
    await asyncio.sleep(0)  # it begins
    before = resident()
    for _ in range(2):
        blocks = [bytes([number % 256]) * 60_000 for number in range(1_000)]
        del blocks[:-1:2], blocks[:-1]
        async with asyncio.timeout(30):
            while resident() > before + (8 << 20):
                await asyncio.sleep(0.1)

asyncio.run(wait())
print(0)
"""
pytestmark = pytest.mark.skipif(not _is_glibc(), reason="glibc alone is set so")


@pytest.mark.parametrize("blocks", [_LARGE_BLOCKS, _SMALL_BLOCKS], ids=["large", "small"])
def test_free_blocks_go_back_to_the_system_though_others_stand_between_them(blocks: str) -> None:
    command = [sys.executable, "-c", _BEGIN + blocks]
    left = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert left < 4 << 20
