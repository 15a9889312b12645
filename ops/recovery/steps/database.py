"""A database that is corrupt or lost: restored beside the old one, which goes only when told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.facts.stores import CACHES
from ops.plan.graph import Resource
from ops.plan.urn import name_of
from ops.recovery.case import Case
from ops.recovery.steps import krotrust
from ops.recovery.steps.step import Step, commit, config, look, unset, up, verify
from ops.recovery.steps.times import chain

CLUSTER = "DatabaseCluster"


def steps(case: Case) -> Iterator[Step]:
    """Fill a new cluster from the backup, and move there what uses it."""
    stack, cluster = case.stack, case.resource
    users = [
        each.name
        for each in case.planned.resources
        if each.kind == "App" and cluster.name in each.uses.get("spec", ())
    ]
    seconds = chain(case.planned, [*_members(case), *users])
    if cluster.inputs["engine"] in CACHES:  # there is nothing to restore
        yield look(stack)
        yield up(stack, "make the cache anew, which comes back empty, and move its users", seconds)
        yield verify(stack)
        return
    yield look(stack)
    yield Step(
        "is the cluster itself gone? Then STOP and call DigitalOcean's support: its backups may be"
        " gone, too, and each `up` refuses to make an empty one in its place. Is it there? Then go"
        " on: it stays as it is, beside a new one"
    )
    if cluster.system == "krotrust":
        yield krotrust.stopped(case)
    path, place, new = further(case, cluster)
    yield config(stack, f"{path}[{place}].name", new, "name the cluster that the backup fills")
    if case.at:
        yield config(stack, f"{path}[{place}].at", case.at, "say to which moment to go back")
    yield up(stack, "restore into the new cluster, and move what uses it there", seconds)
    if cluster.system == "krotrust":
        yield from krotrust.started(case)
    yield verify(stack)
    yield commit(stack)
    yield from _retire(case)


def further(case: Case, cluster: Resource) -> tuple[str, int, str]:
    """Give the settings' list of restored clusters, the place of a further one, and its name."""
    component = name_of(cluster.parent)
    settings = _settings(case, component)
    restored, stem = settings.get("restored") or (), settings["name"]
    known = {stem, *(each["name"] for each in restored)}  # none is ever called so again
    new = next(name for n in range(2, len(known) + 2) if (name := f"{stem}-{n}") not in known)
    return f"{component.replace('-', '.', 1)}.restored", len(restored), new


def _retire(case: Case) -> Iterator[Step]:
    """Give up the old cluster, once somebody says so: in a guarded stack by a plain `pulumi up`."""
    stack, old = case.stack, case.resource
    component, members = name_of(old.parent), _members(case)
    first, plain = len(case.setting("removals") or ()), f"pulumi up --stack {stack} --refresh"
    for place, name in enumerate(members, first):
        yield config(stack, f"removals[{place}]", name, f"let go of {name}", later=True)
    yield Step("take their protection away: it should show nothing else", plain, later=True)
    retired = len(_settings(case, component).get("retired") or ())
    path = f"{component.replace('-', '.', 1)}.retired[{retired}]"
    yield config(stack, path, old.inputs["name"], "declare the old cluster no more", later=True)
    for place, name in reversed(list(enumerate(members, first))):
        title = f"{name} needs its entry no more"
        yield unset(stack, f"removals[{place}]", title, later=True)
    yield Step("delete the old cluster and its backups, for good", plain, later=True)
    yield commit(stack, later=True)


def _settings(case: Case, component: str) -> dict[str, Any]:
    system, _, name = component.partition("-")
    found: dict[str, Any] = case.setting(system)[name]
    return found


def _members(case: Case) -> list[str]:
    """Name the cluster and what stands in it."""
    cluster = case.resource
    return [
        each.name
        for each in case.planned.resources
        if each is cluster
        or (each.parent == cluster.parent and cluster.name in each.uses.get("clusterId", ()))
    ]
