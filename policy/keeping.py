"""Rules on what must not be lost: protection, backups, engines that can be rebuilt."""

from __future__ import annotations

from collections.abc import Sequence

from policy.estate import Found, Operation, Resources, entries, kind, of, spec

GUARDED = ("prod", "dr")  # stacks, whatever the program says of them
PRODUCTION = "Production"  # DigitalOcean's word for the environment of a project
# What holds data, keeps strangers out of it, or is an address that is known outside.
STATEFUL = (
    *("DatabaseCluster", "DatabaseDb", "DatabaseUser", "DatabaseFirewall", "SpacesBucket"),
    *("Droplet", "ReservedIp", "Vpc", "Domain", "App", "Volume"),
)
DESTROYS = ("delete", "replace", "create-replacement", "delete-replaced", "import-replacement")


def guarded(resources: Resources, environment: str) -> bool:
    """Return whether the rules guard a stack: by its name, or since its projects are production."""
    projects = of(resources, "Project")
    return environment in GUARDED or any(
        project.inputs.get("environment") == PRODUCTION for project in projects
    )


def protected(resources: Resources, environment: str) -> Found:
    """Find what holds data and is not protected."""
    if guarded(resources, environment):
        for resource in of(resources, *STATEFUL):
            if not resource.protect:
                yield resource.name, "is not protected"


def kept(operations: Sequence[Operation], resources: Resources, environment: str) -> Found:
    """Find what holds data and is planned to be deleted or replaced."""
    if guarded(resources, environment):
        for operation in operations:
            if kind(operation.type) in STATEFUL and operation.op in DESTROYS:
                yield operation.name, f"the plan is to {operation.op} it"


def backups(resources: Resources, environment: str) -> Found:
    """Find droplets without backups."""
    if guarded(resources, environment):
        for droplet in of(resources, "Droplet"):
            if droplet.inputs.get("backups") is not True:
                yield droplet.name, "has no backups"


def engines(resources: Resources, environment: str) -> Found:  # noqa: ARG001
    """Find databases of an engine that DigitalOcean makes no more."""
    for cluster in of(resources, "DatabaseCluster"):
        if str(cluster.inputs.get("engine")).lower() == "redis":
            yield cluster.name, "its engine is redis"
    for app in of(resources, "App"):
        for database in entries(spec(app).get("databases")):
            if str(database.get("engine")).lower() == "redis":
                yield app.name, "a database of its spec is of the engine redis"
