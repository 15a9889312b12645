"""Disaster recovery: production's cloud systems rebuilt in another region from their backups.

Guarded like production, since it becomes production. Pencom is left out: its machines are on
premises, and no cloud region replaces them.
"""

from stacks.environment import Environment

ENVIRONMENT = Environment(
    kind="recovery", systems=("krotrust", "krogiving"), guarded=True, stands_in_for="prod"
)
