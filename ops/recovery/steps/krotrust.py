"""What a person does on KROTrust's droplet: no code of ours logs in to it."""

from __future__ import annotations

from collections.abc import Iterator

from components.facts.krotrust import COMPOSE_REPOSITORY, DATABASE_CA_FILE, HOME
from components.facts.secrets import CATALOGUE
from ops.recovery.case import Case
from ops.recovery.steps.step import Step

FOLDER = f"{HOME}/{COMPOSE_REPOSITORY}"  # of the compose folders


def start(case: Case) -> Iterator[Step]:
    """Copy the files that are in no repository to the droplet, and start it."""
    (config_file,) = (each for each in CATALOGUE if each.name == "PRODUCTION_JSON")
    yield Step(
        "Fetch the CA file of the database",
        f"pulumi stack output --stack {case.stack} krotrustDatabaseCa > {DATABASE_CA_FILE}",
    )
    yield Step(
        "Read the database's host: production.json has to contain it",
        f"pulumi stack output --stack {case.stack} krotrustDatabaseHost",
    )
    yield Step(
        "Put production.json, which is in no repository, into this folder, and copy both files to"
        f" the droplet: ask {config_file.ask}, or take it from the droplet's newest backup",
        f"scp {DATABASE_CA_FILE} production.json {_root(case)}:{_compose(case)}/",
        by="person",
    )
    yield Step(
        "Clone, issue the certificate, build and start: it prints each missing prerequisite",
        f"ssh -A {_root(case)} kro-start",
        by="person",
    )


def stop(
    case: Case, title: str = "Stop the backend: what it writes from now on would be lost"
) -> Step:
    """Stop what writes to the database."""
    return Step(
        title,
        f"ssh {_root(case)} docker compose --project-directory {_compose(case)} stop backend",
        by="person",
    )


def _root(case: Case) -> str:
    return f'"root@$(pulumi stack output --stack {case.stack} krotrustAddress)"'


def _compose(case: Case) -> str:
    return f"{FOLDER}/{case.setting('krotrust')['composeFolder']}"
