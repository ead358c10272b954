"""Hypothesis draws the same cases every time, unless RATEBOOK_HYPOTHESIS_PROFILE=long asks for many new ones."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("default", max_examples=50, derandomize=True, deadline=None, database=None)
settings.register_profile(
    "long", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile(os.environ.get("RATEBOOK_HYPOTHESIS_PROFILE", "default"))
