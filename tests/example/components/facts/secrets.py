"""The one catalogue of secrets: who uses each, where it is today, who to ask. It has no values.

A value reaches the program as `<SYSTEM>__<NAME>`, from an encrypted entry of the stack file or
from the environment. Values that a managed database or a bucket key supplies are not listed: they
are taken from that resource.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from components.facts.krogiving import BACKEND_SECRETS
from components.facts.krotrust import COMPOSE_REPOSITORY, HOME
from components.facts.pencom import SERVICES

SEAL_KEY = "ESTATE__SEAL_KEY"
SEALED = "EV["  # how DigitalOcean's answer to a secret variable begins


@dataclass(frozen=True)
class Secret:
    """One secret. `declared`: a resource of the program has its value as an input."""

    system: str
    name: str
    used_by: tuple[str, ...]
    lives: str
    ask: str
    declared: bool = False

    @property
    def key(self) -> str:
        """The name of the stack file entry and of the environment variable."""
        return f"{self.system.upper()}__{self.name}"


def _pencom() -> tuple[Secret, ...]:
    users: dict[str, list[str]] = defaultdict(list)
    for service, facts in SERVICES.items():
        for name in facts.secrets:
            users[name].append(service)
    return tuple(
        Secret("pencom", name, tuple(services), ".env on the servers", "the infrastructure team")
        for name, services in users.items()
    )


CATALOGUE = (
    Secret(
        "estate",
        "SEAL_KEY",
        ("fingerprints of sealed secrets",),
        "encrypted in the stack file",
        "no person: `openssl rand -hex 32` creates one",
        declared=True,
    ),
    Secret(
        "krotrust",
        "PRODUCTION_JSON",
        ("backend",),
        f"the droplet, {HOME}/{COMPOSE_REPOSITORY}/production/production.json",
        "whoever holds root on the droplet",
    ),
    Secret(
        "krotrust",
        "TLS_FILES",
        ("nginx",),
        "the droplet, /etc/letsencrypt/",
        "no person: kro-start issues them again",
    ),
    Secret(
        "krotrust",
        "NEW_PREPROD_DROPLET_SSH_PRIVATE_KEY",
        ("deploy workflow of kro-devops",),
        "GitHub secrets of kro-devops",
        "the owners of kro-devops",
    ),
    *(
        Secret(
            "krogiving",
            name,
            ("krogiving-backend",),
            "App Platform's environment variables",
            "the owners of krogiving-backend",
            declared=True,
        )
        for name in BACKEND_SECRETS
    ),
    *(
        Secret(
            "krogiving",
            name,
            ("deploy workflow of krogiving-backend",),
            "GitHub secrets of krogiving-backend",
            "the owners of krogiving-backend",
        )
        for name in ("DIGITALOCEAN_ACCESS_TOKEN", "STAGING_APP_PLATFORM_ID")
    ),
    *_pencom(),
)
