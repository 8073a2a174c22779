import subprocess
import sys

import pytest

_TAKES_AND_FREES = """
from pathlib import Path
from llemulator_addon.adapters.allocation import give_back_large_blocks

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

give_back_large_blocks()
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


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone is set so")
def test_large_blocks_go_back_to_the_system_though_small_ones_stand_between_them() -> None:
    command = [sys.executable, "-c", _TAKES_AND_FREES]
    left = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert left < 4 << 20
