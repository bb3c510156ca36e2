"""What moto works out anew for every call although it never changes, remembered: a tenth of the time of a call."""

from __future__ import annotations

from functools import cache, lru_cache

from moto.core import responses, utils
from moto.core.loaders import create_loader
from moto.core.utils import method_names_from_class
from moto.ec2.models import tags
from moto.ec2.utils import simple_aws_filter_to_re

MAX_PATTERNS = 4_096


@cache
def remember() -> None:
    """Once for the process: which services there are models of, the methods of moto's classes that answer, and the
    patterns that its filters become."""
    vars(utils)["create_loader"] = cache(create_loader)
    vars(responses)["method_names_from_class"] = cache(method_names_from_class)
    vars(tags)["simple_aws_filter_to_re"] = lru_cache(maxsize=MAX_PATTERNS)(simple_aws_filter_to_re)
