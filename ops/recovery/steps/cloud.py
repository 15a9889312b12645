"""The steps of each recovery, derived from the plan; a person's words only where it cannot know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from components.facts.krotrust import DROPLET
from components.facts.secrets import CATALOGUE
from ops.recovery.case import Case
from ops.recovery.kinds import LossKind
from ops.recovery.loss import given
from ops.recovery.steps import database, krotrust, on_premises, region
from ops.recovery.steps.step import Step, commit, look, up, verify
from ops.recovery.steps.times import chain
from rehearsal.table import NO_IMPORTER


def steps(case: Case) -> list[Step]:
    """Give the steps in order."""
    return list(BY_KIND[case.loss.kind](case))


def _up(case: Case, what: str, *made: str, empty: str = "") -> Step:
    return up(case.stack, what, chain(case.planned, made), empty)


def _droplet(case: Case) -> Iterator[Step]:
    name = case.resource.name
    users = {
        each.kind
        for each in case.planned.resources
        if any(name in names for names in each.uses.values())
    }
    what = "make the droplet anew with the same user data"
    if "ReservedIp" in users:
        what += "; its reserved address is led to it"
    elif "DnsRecord" in users:
        what += "; the names follow its new address"
    yield look(case.stack)
    yield _up(case, what, name)
    if name == DROPLET:
        yield from krotrust.started(case)
    else:
        what = "restore its files from the newest backup: the first boot does not bring them back"
        yield Step(what, by="person")
    yield verify(case.stack)


def _app(case: Case) -> Iterator[Step]:
    stack, spec = case.stack, case.resource.inputs["spec"]
    name = spec["name"]
    secret = given(case.resource)
    yield look(stack)
    if secret:
        people = ", ".join(dict.fromkeys(each.ask for each in secret))
        yield Step(
            "have the plain secrets at hand, as variables or encrypted in the stack file: a new app"
            f" cannot open the old one's seals. Ask {people}",
            f"python -m ops secrets --stack {stack}",
        )
        yield Step(
            "take the old seals out: the next `up` sends the plain values and stores new seals",
            f"pulumi config rm --stack {stack} estate:seals",
        )
    yield _up(case, "make the app anew, with all its variables", case.resource.name)
    if any(name in each.used_by for each in secret):  # another stack's is deployed by nobody
        yield Step(
            "tell the deploy workflow the new app's id",
            "gh secret set STAGING_APP_PLATFORM_ID --repo"
            f" {spec['services'][0]['github']['repo']}"
            f' --body "$(pulumi stack output --stack {stack} krogivingBackendId)"',
            by="person",
        )
    yield verify(stack)
    if secret:
        yield commit(stack)


def _zone(case: Case) -> Iterator[Step]:
    inside = {
        each.name
        for each in case.planned.resources
        if case.resource.name in each.uses.get("domain", ())
    }
    yield look(case.stack)
    yield Step(
        "read the last report of the drift for what else was in the zone (`unmanagedRecords`: mail,"
        " verification), and put each under `records` of the product's settings"
    )
    yield _up(case, "make the zone and its records anew", case.resource.name, *inside)
    yield Step(
        "see that the registrar still delegates the domain to DigitalOcean",
        f"dig +short NS {case.loss.label}",
        by="person",
    )
    yield verify(case.stack)


def _bucket(case: Case) -> Iterator[Step]:
    stack, name = case.stack, case.resource.name
    yield look(stack)
    for each in case.planned.resources:
        if each.kind == "Cdn" and name in each.uses.get("origin", ()):
            yield Step(
                "take the protection off the CDN: nothing compares it while its bucket is gone",
                f"pulumi state unprotect --stack {stack} --yes '{each.urn}'",
            )
    rules = [each.name for each in case.planned.resources if name in each.uses.get("bucket", ())]
    yield _up(case, "make the bucket anew: it comes back empty", name, *rules, empty=name)
    yield Step("put its content back: no copy is documented, so ask who may have one", by="person")
    yield verify(stack)


def _part(case: Case) -> Iterator[Step]:
    yield look(case.stack)
    yield _up(case, f"make {case.resource.name} anew", case.resource.name)
    yield verify(case.stack)


def _state(case: Case) -> Iterator[Step]:
    stack = case.stack
    yield Step(
        "see what is wrong with the state, and whether a copy is at hand",
        f"python -m ops state --check --stack {stack}",
        codes=(0, 1),
    )
    yield Step(
        "is there a copy? Restore it as docs/state.md says, and go on with `python -m ops mend"
        f" --stack {stack}`. Else begin an empty state",
        f"pulumi stack init {stack} --no-select",
    )
    yield Step(
        "see what would be adopted; exit code 2 says what to settle first",
        f"python -m ops adopt --stack {stack}",
        codes=(0, 2),
    )
    yield Step(
        "adopt what runs, protected: this only reads the account",
        f"python -m ops adopt --stack {stack} --apply",
    )
    made = [each.name for each in case.planned.resources if each.kind in (*NO_IMPORTER, "App")]
    what = "make what nobody can import (a Spaces key), and write what is not read back"
    yield _up(case, f"{what}: every app is deployed anew", *made)
    yield verify(stack)
    yield commit(stack)


def _interrupted(case: Case) -> Iterator[Step]:
    yield Step(
        "on the machine where it ran: end what still writes, and put what was made into the state",
        f"python -m ops mend --stack {case.stack}",
    )
    yield up(case.stack, "make what is missing")
    yield verify(case.stack)


def _secret(case: Case) -> Iterator[Step]:
    stack, key = case.stack, case.loss.name
    (secret,) = (each for each in CATALOGUE if each.key == key)
    apps = sorted(case.loss.starts)
    yield Step(
        f"give the right value when it asks for it, and `unset {key}` where that is a variable,"
        f" too; who knows the value: {secret.ask}",
        f"pulumi config set --stack {stack} --secret {key}",
    )
    yield _up(case, "send it; the app is deployed anew and the new seal is stored", *apps)
    yield verify(stack)
    yield commit(stack)


BY_KIND: Mapping[LossKind, Callable[[Case], Iterator[Step]]] = {
    "droplet": _droplet,
    "database": database.steps,
    "app": _app,
    "zone": _zone,
    "bucket": _bucket,
    "part": _part,
    "state": _state,
    "up": _interrupted,
    "secret": _secret,
    "region": region.steps,
    "host": on_premises.host,
    "service": on_premises.service,
    "store": on_premises.store,
}
