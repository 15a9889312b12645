"""A corrupt or lost database: restored beside the old cluster, which goes only on a decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.facts.holding import CACHES
from ops.plan.graph import Resource
from ops.plan.urn import name_of
from ops.recovery.case import Case
from ops.recovery.steps import krotrust
from ops.recovery.steps.step import Step, change, commit, look, remove, up, verify

CLUSTER = "DatabaseCluster"


def steps(case: Case) -> Iterator[Step]:
    """Fill a new cluster from the backup, and move the old one's users there."""
    stack, cluster = case.stack, case.resource
    apps = [
        each.name
        for each in case.graph.resources
        if each.kind == "App" and cluster.name in each.uses.get("spec", ())
    ]
    created = [*_members(case), *apps]
    yield look(stack)
    if cluster.inputs["engine"] in CACHES:  # there is nothing to restore
        yield up(case, "Replace the cache, which comes back empty, and move its users", *created)
        yield verify(stack)
        return
    yield Step(
        "Is the cluster itself missing? Then STOP and contact DigitalOcean's support: its backups"
        " may be lost too, and each `up` refuses to create an empty one in its place. If it exists,"
        " go on: it stays as it is, beside a new one"
    )
    if cluster.system == "krotrust":
        yield krotrust.stop(case)
    path, index, name = further(case, cluster)
    yield change(stack, f"{path}[{index}].name", name, "Add the cluster that the backup fills")
    if case.at:
        yield change(stack, f"{path}[{index}].at", case.at, "Set the moment to restore to")
    yield up(case, "Restore into the new cluster, and move its users there", *created)
    if cluster.system == "krotrust":
        yield from krotrust.start(case)
    yield verify(stack)
    yield commit(stack)
    yield from _retire(case)


def further(case: Case, cluster: Resource) -> tuple[str, int, str]:
    """Return where a further restored cluster goes: path in the settings, index, and its name."""
    component = name_of(cluster.parent)
    settings = _settings(case, component)
    restored, stem = settings.get("restored") or (), settings["name"]
    known = {stem, *(each["name"] for each in restored)}  # a name is used only once
    name = next(name for n in range(2, len(known) + 2) if (name := f"{stem}-{n}") not in known)
    return f"{component.replace('-', '.', 1)}.restored", len(restored), name


def _retire(case: Case) -> Iterator[Step]:
    """Delete the old cluster later: in a guarded stack only a plain `pulumi up` can."""
    stack, cluster = case.stack, case.resource
    component, members = name_of(cluster.parent), _members(case)
    first, plain = len(case.setting("removals") or ()), f"pulumi up --stack {stack} --refresh"
    for index, name in enumerate(members, first):
        yield change(stack, f"removals[{index}]", name, f"Allow the removal of {name}", later=True)
    yield Step("Remove their protection: it should show nothing else", plain, later=True)
    retired = len(_settings(case, component).get("retired") or ())
    path = f"{component.replace('-', '.', 1)}.retired[{retired}]"
    yield change(stack, path, cluster.inputs["name"], "Retire the old cluster", later=True)
    for index, name in reversed(list(enumerate(members, first))):
        yield remove(stack, f"removals[{index}]", f"Remove the entry of {name}", later=True)
    yield Step("Delete the old cluster and its backups, for good", plain, later=True)
    yield commit(stack, later=True)


def _settings(case: Case, component: str) -> dict[str, Any]:
    system, _, name = component.partition("-")
    settings: dict[str, Any] = case.setting(system)[name]
    return settings


def _members(case: Case) -> list[str]:
    """Return the names of the cluster and of what belongs to it."""
    cluster = case.resource
    return [
        each.name
        for each in case.graph.resources
        if each is cluster
        or (each.parent == cluster.parent and cluster.name in each.uses.get("clusterId", ()))
    ]
