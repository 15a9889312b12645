"""Staging: one small copy of every system, not guarded: it can be destroyed and rebuilt."""

from stacks.environment import Environment

ENVIRONMENT = Environment(
    kind="staging", systems=("krotrust", "krogiving", "pencom"), guarded=False
)
