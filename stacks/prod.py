"""Production: every system, guarded. Money and pensions depend on it."""

from stacks.environment import Environment

ENVIRONMENT = Environment(
    kind="production", systems=("krotrust", "krogiving", "pencom"), guarded=True
)
