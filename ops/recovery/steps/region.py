"""A region that is lost: another estate stands in for production, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from components.facts.stores import CACHES
from ops.impact.edges import standing
from ops.plan import config as stack_files
from ops.plan.graph import Resource, build
from ops.plan.urn import name_of
from ops.recovery.case import Case
from ops.recovery.kinds import STANDS_IN
from ops.recovery.loss import regional
from ops.recovery.steps import krotrust
from ops.recovery.steps.database import CLUSTER, further
from ops.recovery.steps.step import Step, commit, config, look, unset, up, verify
from ops.recovery.steps.times import chain

STOOD_IN_FOR = "prod"
STAND_IN = STANDS_IN[STOOD_IN_FOR]


def steps(case: Case) -> Iterator[Step]:
    """Bring up the stand-in, lead the names to it, and later lead names and data back."""
    if case.stack != STOOD_IN_FOR:  # nothing stands in for it: it waits, or is made anew
        yield look(case.stack)
        made = [each.name for each in regional(case.planned, case.loss.name)]
        what = "once the region is back, make anew what is gone"
        yield up(case.stack, what, chain(case.planned, made))
        yield verify(case.stack)
        return
    settings = stack_files.load(STAND_IN)
    planned = build(settings)
    there = replace(case, settings=settings, planned=planned, found=standing(planned))
    domains = {system: case.setting(system)["domain"] for system in ("krotrust", "krogiving")}
    yield Step(
        "is it the whole region, and for long? What follows takes an hour and more, and the way"
        " back as much: see https://status.digitalocean.com, and ask DigitalOcean's support"
    )
    yield from _bring_up(there, domains)
    yield from _lead_there(case, there, domains)
    for step in _lead_back(case, there):
        yield replace(step, later=True)


def _bring_up(there: Case, domains: Mapping[str, str]) -> Iterator[Step]:
    yield Step(
        f"begin the state of {STAND_IN}; that it already exists is as good",
        f"pulumi stack init {STAND_IN} --no-select",
        codes=(0, 1),
    )
    title = "let its droplet ask for a certificate of production's names, from its first boot on"
    yield config(STAND_IN, "krotrust.answersFor", domains["krotrust"], title)
    yield Step(
        "have the plain secrets at hand, as variables or encrypted in its stack file",
        f"python -m ops secrets --stack {STAND_IN}",
    )
    made = [each.name for each in there.planned.resources if each.custom]
    what = "make it all in the other region, its databases filled from production's backups"
    yield up(STAND_IN, what, chain(there.planned, made))
    yield from krotrust.started(there)


def _lead_there(case: Case, there: Case, domains: Mapping[str, str]) -> Iterator[Step]:
    address = f'"$(pulumi stack output --stack {STAND_IN} krotrustAddress)"'
    yield config(case.stack, "krotrust.standIn", address, "lead KROTrust's names to its address")
    title = "let production's apps put their names aside: App Platform gives a name to one app"
    yield config(case.stack, "krogiving.standIn", "true", title)
    yield _names(case, "move the records and let the names go, and change nothing else")
    title = "let its apps take KROGiving's names"
    yield config(STAND_IN, "krogiving.answersFor", domains["krogiving"], title)
    yield up(STAND_IN, "take the names", chain(there.planned, _named(there, "App")))
    yield verify(STAND_IN)
    yield commit(case.stack, STAND_IN)


def _lead_back(case: Case, there: Case) -> Iterator[Step]:
    stack = case.stack
    yield replace(krotrust.stopped(there), title="once the region is back: let nothing be written")
    clusters = [each for each in case.planned.resources if _holds_data(each)]
    for cluster in clusters:
        path, place, new = further(case, cluster)
        title = f"bring back what was written meanwhile, to stand beside {cluster.inputs['name']}"
        yield config(stack, f"{path}[{place}].name", new, title)
        yield config(stack, f"{path}[{place}].from", _same(there, cluster), "take it from there")
    yield unset(STAND_IN, "krogiving.answersFor", "let its apps give the names back")
    yield up(STAND_IN, "give the names back", chain(there.planned, _named(there, "App")))
    yield unset(stack, "krotrust.standIn", "lead KROTrust's names home")
    yield unset(stack, "krogiving.standIn", "lead KROGiving's names home")
    names = [*_named(case, "App"), *(each.name for each in clusters)]
    yield up(stack, "bring production up with the data", chain(case.planned, names))
    yield from krotrust.started(case)
    yield verify(stack)
    yield commit(stack, STAND_IN)


def _names(case: Case, what: str) -> Step:
    """Write only what says who answers: the rest of a lost region does not answer."""
    step = up(case.stack, what, chain(case.planned, _named(case, "App")))
    told = " ".join(f"--target '**:{kind}::*'" for kind in ("App", "DnsRecord"))
    return replace(step, command=f"{step.command} {told}", check="")


def _named(case: Case, kind: str) -> list[str]:
    return [each.name for each in case.planned.resources if each.kind == kind]


def _holds_data(resource: Resource) -> bool:
    return resource.kind == CLUSTER and resource.inputs["engine"] not in CACHES


def _same(there: Case, cluster: Resource) -> str:
    """Name the stand-in's cluster of the same database."""
    component = name_of(cluster.parent)
    (name,) = (
        each.inputs["name"]
        for each in there.planned.resources
        if each.kind == CLUSTER and name_of(each.parent) == component
    )
    return str(name)
