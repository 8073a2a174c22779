"""What holds for all tests."""

import gc

import pytest
from hypothesis import HealthCheck, settings

from tests.children import children_hear_signals
from tests.distribution import (
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)

__all__ = [
    "children_hear_signals",
    "pytest_collection_modifyitems",
    "pytest_xdist_auto_num_workers",
    "pytest_xdist_make_scheduler",
]

# A machine that is busy is no finding.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# What is collected stays until the end. To look through it for garbage again and again takes a fourth of the time.
gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Collect the garbage of the tests, without what was there before them."""
    gc.freeze()
    gc.enable()
