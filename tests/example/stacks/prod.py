"""Production: everything, guarded. Money and pensions stand on it."""

from stacks.environment import Environment

ENVIRONMENT = Environment(systems=("krotrust", "krogiving", "pencom"), guarded=True)
