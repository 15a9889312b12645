"""Rules against the loss of data: protection, backups, engines that can be rebuilt."""

from __future__ import annotations

from collections.abc import Sequence

from policy.resources import Operation, Problems, Resources, entries, kind, of_type, spec

GUARDED = ("prod", "dr")  # stacks, whatever the program says of them
PRODUCTION = "Production"  # DigitalOcean's word for the environment of a project
# Types that hold data, keep strangers out of it, or are an address that is known outside.
STATEFUL = (
    *("DatabaseCluster", "DatabaseDb", "DatabaseUser", "DatabaseFirewall", "SpacesBucket"),
    *("Droplet", "ReservedIp", "Vpc", "Domain", "App", "Volume"),
)
DESTROYS = ("delete", "replace", "create-replacement", "delete-replaced", "import-replacement")


def guarded(resources: Resources, environment: str) -> bool:
    """Whether the rules guard a stack: by its name, or because its projects are production."""
    return environment in GUARDED or any(
        project.inputs.get("environment") == PRODUCTION for project in of_type(resources, "Project")
    )


def protected(resources: Resources, environment: str) -> Problems:
    """Report stateful resources without protection."""
    if guarded(resources, environment):
        for resource in of_type(resources, *STATEFUL):
            if not resource.protect:
                yield resource.name, "is not protected"


def not_destroyed(
    operations: Sequence[Operation], resources: Resources, environment: str
) -> Problems:
    """Report stateful resources that the plan deletes or replaces."""
    if guarded(resources, environment):
        for operation in operations:
            if kind(operation.type) in STATEFUL and operation.op in DESTROYS:
                yield operation.name, f"the plan is to {operation.op} it"


def backups(resources: Resources, environment: str) -> Problems:
    """Report droplets without backups."""
    if guarded(resources, environment):
        for droplet in of_type(resources, "Droplet"):
            if droplet.inputs.get("backups") is not True:
                yield droplet.name, "has no backups"


def engines(resources: Resources, environment: str) -> Problems:  # noqa: ARG001
    """Report databases of an engine that DigitalOcean no longer offers."""
    for cluster in of_type(resources, "DatabaseCluster"):
        if str(cluster.inputs.get("engine")).lower() == "redis":
            yield cluster.name, "its engine is redis"
    for app in of_type(resources, "App"):
        for database in entries(spec(app).get("databases")):
            if str(database.get("engine")).lower() == "redis":
                yield app.name, "a database of its spec has the engine redis"
