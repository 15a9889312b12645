"""Staging: small, and free to be destroyed and made again."""

from stacks.environment import Environment

ENVIRONMENT = Environment(systems=("krotrust", "krogiving", "pencom"), guarded=False)
