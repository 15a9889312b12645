"""The kinds of loss that `python -m ops recover` knows."""

from __future__ import annotations

from typing import Literal, get_args

from stacks.discovery import environments

LossKind = Literal[
    "droplet",
    "database",
    "app",
    "zone",
    "bucket",
    "part",  # of the cloud, any other
    "region",
    "state",
    "up",
    "secret",
    "host",
    "service",
    "store",
]
KINDS: frozenset[LossKind] = frozenset(get_args(LossKind))
ON_PREMISES: frozenset[LossKind] = frozenset({"host", "service", "store"})  # Pencom's
STANDS_IN = {  # which stack stands in for one whose region is lost
    each.stands_in_for: stack for stack, each in environments().items() if each.stands_in_for
}
CLOUD = KINDS - ON_PREMISES  # any of these ends with an `up`
