"""A lost region: fail over to the stack that stands in for production, and fail back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from components.facts.holding import CACHES
from ops.impact.edges import dependency_graph
from ops.plan import config
from ops.plan.graph import Resource, build
from ops.plan.urn import name_of
from ops.recovery.case import Case
from ops.recovery.kinds import STANDS_IN
from ops.recovery.loss import regional
from ops.recovery.steps import krotrust
from ops.recovery.steps.database import CLUSTER, further
from ops.recovery.steps.step import (
    Step,
    change,
    commit,
    look,
    plain_secrets,
    remove,
    up,
    verify,
)

PRODUCTION = "prod"
STAND_IN = STANDS_IN[PRODUCTION]


def steps(case: Case) -> Iterator[Step]:
    """Bring up the stand-in and move the names to it; later move names and data back."""
    if case.stack != PRODUCTION:  # it has no stand-in: it waits for the region
        lost = [each.name for each in regional(case.graph, case.loss.name)]
        yield look(case.stack)
        yield up(case, "Once the region is back, replace the missing resources", *lost)
        yield verify(case.stack)
        return
    settings = config.load(STAND_IN)
    graph = build(settings)
    stand_in = replace(case, settings=settings, graph=graph, dependencies=dependency_graph(graph))
    domains = {system: case.setting(system)["domain"] for system in ("krotrust", "krogiving")}
    yield Step(
        "Is it the whole region, and for long? The next steps take more than an hour, and so does"
        " the way back: see https://status.digitalocean.com, and ask DigitalOcean's support"
    )
    yield from _bring_up(stand_in, domains)
    yield from _fail_over(case, stand_in, domains)
    for step in _fail_back(case, stand_in):
        yield replace(step, later=True)


def _bring_up(stand_in: Case, domains: Mapping[str, str]) -> Iterator[Step]:
    yield Step(
        f"Create the state of {STAND_IN}; it is fine if it already exists",
        f"pulumi stack init {STAND_IN} --no-select",
        codes=(0, 1),
    )
    title = f"Let the droplet of {STAND_IN} request a certificate for production's names"
    yield change(STAND_IN, "krotrust.answersFor", domains["krotrust"], title)
    yield plain_secrets(STAND_IN, f"the stack file of {STAND_IN}")
    created = [each.name for each in stand_in.graph.resources if each.custom]
    title = "Create everything in the other region, its databases filled from production's backups"
    yield up(stand_in, title, *created)
    yield from krotrust.start(stand_in)


def _fail_over(case: Case, stand_in: Case, domains: Mapping[str, str]) -> Iterator[Step]:
    address = f'"$(pulumi stack output --stack {STAND_IN} krotrustAddress)"'
    yield change(case.stack, "krotrust.standIn", address, f"Point KROTrust's names to {STAND_IN}")
    title = "Let production's apps give up their names: App Platform allows a name in one app only"
    yield change(case.stack, "krogiving.standIn", "true", title)
    yield _only_names(case)
    title = f"Let the apps of {STAND_IN} take KROGiving's names"
    yield change(STAND_IN, "krogiving.answersFor", domains["krogiving"], title)
    yield up(stand_in, "Take the names", *stand_in.names("App"))
    yield verify(STAND_IN)
    yield commit(case.stack, STAND_IN)


def _fail_back(case: Case, stand_in: Case) -> Iterator[Step]:
    stack = case.stack
    yield krotrust.stop(stand_in, "Once the region is back: stop all writes")
    clusters = [each for each in case.graph.resources if _holds_data(each)]
    for cluster in clusters:
        path, index, name = further(case, cluster)
        title = f"Add a cluster for the data of {STAND_IN}, beside {cluster.inputs['name']}"
        yield change(stack, f"{path}[{index}].name", name, title)
        source = _same_database(stand_in, cluster)
        yield change(stack, f"{path}[{index}].from", source, f"Fill it from {STAND_IN}")
    yield remove(STAND_IN, "krogiving.answersFor", f"Let the apps of {STAND_IN} give up the names")
    yield up(stand_in, "Give up the names", *stand_in.names("App"))
    yield remove(stack, "krotrust.standIn", "Point KROTrust's names back to production")
    yield remove(stack, "krogiving.standIn", "Point KROGiving's names back to production")
    created = [*case.names("App"), *(each.name for each in clusters)]
    yield up(case, "Bring production up with the data", *created)
    yield from krotrust.start(case)
    yield verify(stack)
    yield commit(stack, STAND_IN)


def _only_names(case: Case) -> Step:
    """Update only what has the names: the rest of a lost region does not answer."""
    title = "Move the records and give up the names, and change nothing else"
    step = up(case, title, *case.names("App"))
    targets = " ".join(f"--target '**:{kind}::*'" for kind in ("App", "DnsRecord"))
    return replace(step, command=f"{step.command} {targets}", check="")


def _holds_data(resource: Resource) -> bool:
    return resource.kind == CLUSTER and resource.inputs["engine"] not in CACHES


def _same_database(stand_in: Case, cluster: Resource) -> str:
    """Return the name of the stand-in's cluster of the same component."""
    component = name_of(cluster.parent)
    (name,) = (
        each.inputs["name"]
        for each in stand_in.graph.resources
        if each.kind == CLUSTER and name_of(each.parent) == component
    )
    return str(name)
