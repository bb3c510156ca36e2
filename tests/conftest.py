"""What all tests share: botocore's service models, which every session would otherwise read and parse anew."""

from __future__ import annotations

from functools import cache

import botocore.session
from botocore.loaders import create_loader

botocore.session.create_loader = cache(create_loader)
