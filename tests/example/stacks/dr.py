"""Disaster recovery: production's cloud systems rebuilt in another region from their backups.

Guarded like production, since it becomes production. Pencom is not here: its machines are on our
own premises, and no cloud region replaces them.
"""

from stacks.environment import Environment

ENVIRONMENT = Environment(systems=("krotrust", "krogiving"), guarded=True)
