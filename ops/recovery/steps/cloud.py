"""The steps of the recovery from each kind of loss, derived from the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from components.facts.krotrust import DROPLET
from components.facts.secrets import CATALOGUE
from ops.recovery.case import Case
from ops.recovery.kinds import LossKind
from ops.recovery.loss import secrets_of
from ops.recovery.steps import database, krotrust, on_premises, region
from ops.recovery.steps.step import Step, commit, look, plain_secrets, up, verify
from rehearsal.table import NO_IMPORTER


def steps(case: Case) -> list[Step]:
    """Return the steps in order."""
    return list(BY_KIND[case.loss.kind](case))


def _droplet(case: Case) -> Iterator[Step]:
    name = case.resource.name
    users = {
        each.kind
        for each in case.graph.resources
        if any(name in names for names in each.uses.values())
    }
    title = "Replace the droplet with the same user data"
    if "ReservedIp" in users:
        title += "; its reserved address moves to it"
    elif "DnsRecord" in users:
        title += "; its names get the new address"
    yield look(case.stack)
    yield up(case, title, name)
    if name == DROPLET:
        yield from krotrust.start(case)
    else:
        title = "Restore its files from the newest backup: the first boot does not bring them back"
        yield Step(title, by="person")
    yield verify(case.stack)


def _app(case: Case) -> Iterator[Step]:
    stack, spec = case.stack, case.resource.inputs["spec"]
    secrets = secrets_of(case.resource)
    yield look(stack)
    if secrets:
        contacts = ", ".join(dict.fromkeys(each.ask for each in secrets))
        reason = f": a new app cannot open the old one's seals. Ask {contacts}"
        yield plain_secrets(stack, "the stack file", reason)
        yield Step(
            "Remove the old seals: the next `up` sends the plain values and stores new seals",
            f"pulumi config rm --stack {stack} estate:seals",
        )
    yield up(case, "Replace the app, with all its variables", case.resource.name)
    if any(spec["name"] in each.used_by for each in secrets):  # only production's has a workflow
        yield Step(
            "Store the new app's id in the deploy workflow",
            "gh secret set STAGING_APP_PLATFORM_ID --repo"
            f" {spec['services'][0]['github']['repo']}"
            f' --body "$(pulumi stack output --stack {stack} krogivingBackendId)"',
            by="person",
        )
    yield verify(stack)
    if secrets:
        yield commit(stack)


def _zone(case: Case) -> Iterator[Step]:
    name = case.resource.name
    records = [each.name for each in case.graph.resources if name in each.uses.get("domain", ())]
    yield look(case.stack)
    yield Step(
        "Read the last drift report for other records in the zone (`unmanagedRecords`: mail,"
        " verification), and add each under `records` of the product's settings"
    )
    yield up(case, "Replace the zone and its records", name, *records)
    yield Step(
        "Check that the registrar still delegates the domain to DigitalOcean",
        f"dig +short NS {case.loss.label}",
        by="person",
    )
    yield verify(case.stack)


def _bucket(case: Case) -> Iterator[Step]:
    stack, name = case.stack, case.resource.name
    yield look(stack)
    for each in case.graph.resources:
        if each.kind == "Cdn" and name in each.uses.get("origin", ()):
            yield Step(
                "Unprotect the CDN: the engine cannot compare it while its bucket is missing, and"
                " would refuse",
                f"pulumi state unprotect --stack {stack} --yes '{each.urn}'",
            )
    rules = [each.name for each in case.graph.resources if name in each.uses.get("bucket", ())]
    yield up(case, "Replace the bucket: it comes back empty", name, *rules, empty=name)
    title = "Restore its content: no copy is documented, so ask who may have one"
    yield Step(title, by="person")
    yield verify(stack)


def _part(case: Case) -> Iterator[Step]:
    yield look(case.stack)
    yield up(case, f"Replace {case.resource.name}", case.resource.name)
    yield verify(case.stack)


def _state(case: Case) -> Iterator[Step]:
    stack = case.stack
    yield Step(
        "Check the state, and whether there is a copy",
        f"python -m ops state --check --stack {stack}",
        codes=(0, 1),
    )
    yield Step(
        "If there is a copy, restore it as docs/state.md says, and go on with `python -m ops repair"
        f" --stack {stack}`. Otherwise create an empty state",
        f"pulumi stack init {stack} --no-select",
    )
    yield Step(
        "See what would be adopted; exit code 2 lists what to decide first",
        f"python -m ops adopt --stack {stack}",
        codes=(0, 2),
    )
    yield Step(
        "Adopt the live resources, protected: this only reads the account",
        f"python -m ops adopt --stack {stack} --apply",
    )
    title = "Create what cannot be imported (a Spaces key), and write what is not read back"
    created = case.names(*NO_IMPORTER, "App")
    yield up(case, f"{title}: every app is deployed again", *created)
    yield verify(stack)
    yield commit(stack)


def _interrupted(case: Case) -> Iterator[Step]:
    yield Step(
        "On the machine where it ran: end what still writes, and record in the state what was"
        " created",
        f"python -m ops repair --stack {case.stack}",
    )
    yield up(case, "Create the missing resources")
    yield verify(case.stack)


def _secret(case: Case) -> Iterator[Step]:
    stack, key = case.stack, case.loss.name
    (secret,) = (each for each in CATALOGUE if each.key == key)
    yield Step(
        f"Enter the right value when it asks for it, and `unset {key}` if that is a variable, too;"
        f" ask for the value: {secret.ask}",
        f"pulumi config set --stack {stack} --secret {key}",
    )
    title = "Send it; the app is deployed again and the new seal is stored"
    yield up(case, title, *sorted(case.loss.starts))
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
