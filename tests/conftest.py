"""What holds for all tests."""

from hypothesis import HealthCheck, settings

from tests.children import children_hear_signals

__all__ = ["children_hear_signals"]

# A machine that is busy is no finding.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
