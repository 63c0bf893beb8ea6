"""For all tests: no examples fail because the machine is slow or busy. What things cost, the benchmarks measure."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("unhurried", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
