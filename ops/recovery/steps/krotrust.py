"""What a person does on KROTrust's droplet, since no code of ours reaches into it."""

from __future__ import annotations

from collections.abc import Iterator

from components.facts.krotrust import COMPOSE_REPOSITORY, DATABASE_CA_FILE, HOME
from components.facts.secrets import CATALOGUE
from ops.recovery.case import Case
from ops.recovery.steps.step import Step

FOLDER = f"{HOME}/{COMPOSE_REPOSITORY}"  # it holds the compose folders


def started(case: Case) -> Iterator[Step]:
    """Bring what is in no repository, and start it."""
    (config_file,) = (each for each in CATALOGUE if each.name == "PRODUCTION_JSON")
    yield Step(
        "fetch the CA file of the database",
        f"pulumi stack output --stack {case.stack} krotrustDatabaseCa > {DATABASE_CA_FILE}",
    )
    yield Step(
        "see where the database is: production.json has to name this host",
        f"pulumi stack output --stack {case.stack} krotrustDatabaseHost",
    )
    yield Step(
        "put production.json, which is in no repository, into this folder, and bring both: ask"
        f" {config_file.ask}, or take it from the droplet's newest backup",
        f"scp {DATABASE_CA_FILE} production.json {_root(case)}:{_compose(case)}/",
        by="person",
    )
    yield Step(
        "let it clone, issue the certificate, build and start: it names what it lacks",
        f"ssh -A {_root(case)} kro-start",
        by="person",
    )


def stopped(case: Case) -> Step:
    """Stop what writes into the database."""
    return Step(
        "stop the backend: what it writes from now on would be lost",
        f"ssh {_root(case)} docker compose --project-directory {_compose(case)} stop backend",
        by="person",
    )


def _root(case: Case) -> str:
    return f'"root@$(pulumi stack output --stack {case.stack} krotrustAddress)"'


def _compose(case: Case) -> str:
    return f"{FOLDER}/{case.setting('krotrust')['composeFolder']}"
