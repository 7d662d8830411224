"""How many examples the property tests try: HYPOTHESIS_PROFILE=nightly tries many more."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A whole repository is a large example; drawing one is not slow for what it is.
_LARGE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)

settings.register_profile(
    "fast",
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=_LARGE,
)
settings.register_profile(
    "nightly", max_examples=10_000, deadline=None, suppress_health_check=_LARGE
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))
