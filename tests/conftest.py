"""What all tests share: botocore's service models, which every session would otherwise read and parse anew, and one
choice of generated examples, so that a change is not blamed for what chance found.

HYPOTHESIS_PROFILE=explore tries others.
"""

from __future__ import annotations

import os
from functools import cache

import botocore.session
from botocore.loaders import create_loader
from hypothesis import settings

botocore.session.create_loader = cache(create_loader)

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
