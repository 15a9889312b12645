"""The steps of each recovery, derived from the plan; a person's words only where it cannot know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from components.facts.secrets import CATALOGUE
from ops.graph import Graph, Resource
from ops.identity import name_of
from ops.recovery.kinds import LossKind
from ops.recovery.loss import Loss
from ops.recovery.step import Step, commit, config, look, up, verify
from ops.recovery.times import chain
from ops.standing import Standing

CLUSTER = "DatabaseCluster"
ADDRESS = "root@$(pulumi stack output --stack {stack} krotrustAddress)"
# Where the handover keeps what is in no repository, and what reads it.
COMPOSE = "/root/Kro/kro-devops/{folder}"


@dataclass(frozen=True)
class Case:
    """What is lost, in which plan; `at` is the moment to go back to, None the latest."""

    planned: Graph
    found: Standing
    loss: Loss
    settings: Mapping[str, object]
    at: str | None = None

    @property
    def stack(self) -> str:
        """The stack that it is lost from."""
        return self.planned.stack

    @property
    def resource(self) -> Resource:
        """What is lost, where it is one thing. Raises ValueError where it is not."""
        if self.loss.resource is None:
            raise ValueError(f"{self.loss.name} is no resource")
        return self.loss.resource


def steps(case: Case) -> list[Step]:
    """Give the steps in order."""
    return list(BY_KIND[case.loss.kind](case))


def _up(case: Case, what: str, *made: str) -> Step:
    return up(case.stack, what, chain(case.planned, made))


def _droplet(case: Case) -> Iterator[Step]:
    name = case.resource.name
    held = [each for each in case.planned.resources if each.kind == "ReservedIp"]
    same = any(name in names for each in held for names in each.uses.values())
    follows = "its reserved address is led to it" if same else "the names follow its new address"
    yield look(case.stack)
    yield _up(case, f"make the droplet anew with the same user data; {follows}", name)
    yield from _started(case)
    yield verify(case.stack)


def _started(case: Case) -> Iterator[Step]:
    """Bring to a droplet what is in no repository, and start it."""
    address, folder = ADDRESS.format(stack=case.stack), _folder(case)
    (config_file,) = (each for each in CATALOGUE if each.name == "PRODUCTION_JSON")
    authority = str(case.settings["certificate"])
    yield Step(
        "fetch the database's CA file",
        f"pulumi stack output --stack {case.stack} krotrustDatabaseCa > {authority}",
    )
    yield Step(
        f"bring it and {config_file.name.lower().replace('_', '.')}, which is in no repository: ask"
        f" {config_file.ask}, or take it from the newest backup of the droplet. Its database host is"
        f" `pulumi stack output --stack {case.stack} krotrustDatabaseHost`",
        f"scp {authority} production.json {address}:{folder}/",
        by="person",
    )
    yield Step(
        "clone, issue the certificate, build and start: it names what it lacks",
        f"ssh -A {address} kro-start",
        by="person",
    )


def _folder(case: Case) -> str:
    return COMPOSE.format(folder=case.settings["folder"])


def _database(case: Case) -> Iterator[Step]:
    if case.resource.inputs.get("engine") == "valkey":
        yield from _cache(case)
        return
    stack, cluster = case.stack, case.resource
    component = name_of(cluster.parent)
    path = component.replace("-", ".", 1)
    beside = _clusters(case.planned, component)
    new, place = _next([each.inputs["name"] for each in beside]), len(beside) - 1
    yield look(stack)
    yield Step(
        "is the cluster itself gone? Then its backups may be, too, and an `up` would make an empty"
        " one in its place: stop here and call DigitalOcean's support first. Else go on: the old"
        " one stays as it is, beside a new one"
    )
    if cluster.system == "krotrust":
        yield Step(
            "stop the backend: what is written from now on is not in the restored one",
            f"ssh {ADDRESS.format(stack=stack)}"
            f" docker compose --project-directory {_folder(case)} stop backend",
            by="person",
        )
    name = f"{path}.restored[{place}]"
    yield config(stack, f"{name}.name", new, "name the cluster that is filled from the backup")
    if case.at:
        yield config(stack, f"{name}.at", case.at, "say to which moment to go back")
    consumers = [each.name for each in case.planned.resources if each.kind == "App"]
    apps = [name for name in consumers if cluster.system == "krogiving"]
    seconds = chain(case.planned, [cluster.name]) + max(
        (chain(case.planned, [app]) for app in apps), default=0
    )
    yield up(stack, "restore into the new cluster, and move what uses it there", seconds)
    if cluster.system == "krotrust":
        yield from _started(case)
    yield verify(stack)
    yield commit(stack)
    yield from _retire(case, component, path)


def _retire(case: Case, component: str, path: str) -> Iterator[Step]:
    """Give up the old cluster, once somebody says so: in a guarded stack by a plain `pulumi up`."""
    stack, old = case.stack, case.resource
    members = [
        each.name
        for each in case.planned.resources
        if name_of(each.parent) == component
        and (each is old or old.name in each.uses.get("clusterId", ()))
    ]
    retired = len(case.resource.inputs) * 0 + sum(
        each is not old for each in _clusters(case.planned, component)[:-1]
    )
    for place, name in enumerate(members):
        title = "once nobody needs the old cluster: take its protection away"
        yield config(stack, f"removals[{place}]", name, title, later=True)
    plain = f"pulumi up --stack {stack} --refresh"
    yield Step("this unprotects them, and nothing else", plain, later=True)
    title = "declare the old cluster no more"
    yield config(stack, f"{path}.retired[{retired}]", old.inputs["name"], title, later=True)
    gone = f"pulumi config rm --stack {stack} estate:removals"
    yield Step("what is gone needs no entry", gone, later=True)
    yield Step("this deletes the old cluster and its backups, for good", plain, later=True)


def _clusters(planned: Graph, component: str) -> list[Resource]:
    """Give the clusters of a database, the one in use last."""
    inside = [
        each
        for each in planned.resources
        if each.kind == CLUSTER and name_of(each.parent) == component
    ]
    return sorted(inside, key=lambda each: (each.name != f"{component}-cluster", each.name))


def _next(names: list[str]) -> str:
    """Name a further cluster as nobody did before: `-2`, then `-3`."""
    stem = names[0]
    return next(new for n in range(2, len(names) + 3) if (new := f"{stem}-{n}") not in names)


def _cache(case: Case) -> Iterator[Step]:
    yield look(case.stack)
    yield _up(case, "make the cache anew: it comes back empty", case.resource.name)
    yield verify(case.stack)


def _app(case: Case) -> Iterator[Step]:
    stack, spec = case.stack, case.resource.inputs["spec"]
    name = spec["name"]
    secret = [each for each in CATALOGUE if each.declared and name in each.used_by]
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
    if secret:
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
                "take the protection off the CDN, which cannot be compared while its bucket is gone",
                f"pulumi state unprotect --stack {stack} --yes '{each.urn}'",
            )
    yield _up(case, "make the bucket anew: it comes back empty", name)
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
    yield up(stack, "make what nobody can import (a Spaces key), and write what was not read back")
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
        f"give the value that is right, on standard input (it is asked for): ask {secret.ask}",
        f"pulumi config set --stack {stack} --secret {key}",
    )
    yield _up(case, "send it; the app is deployed anew and the new seal is stored", *apps)
    yield verify(stack)
    yield commit(stack)


BY_KIND: Mapping[LossKind, Callable[[Case], Iterator[Step]]] = {
    "droplet": _droplet,
    "database": _database,
    "app": _app,
    "zone": _zone,
    "bucket": _bucket,
    "part": _part,
    "state": _state,
    "up": _interrupted,
    "secret": _secret,
}
