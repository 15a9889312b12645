"""What is lost: what a person says, found in the estate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.facts.secrets import CATALOGUE, SEAL_KEY, Secret
from ops.cli.errors import UsageError
from ops.impact.blast import resolve
from ops.impact.dependencies import DependencyGraph, Effect
from ops.impact.edges import PENCOM_SERVICE
from ops.plan.graph import Graph, Resource
from ops.recovery.kinds import LossKind

STATE, UP = "state", "up"
BY_TYPE: dict[str, LossKind] = {
    "digitalocean:index/droplet:Droplet": "droplet",
    "digitalocean:index/databaseCluster:DatabaseCluster": "database",
    "digitalocean:index/app:App": "app",
    "digitalocean:index/domain:Domain": "zone",
    "digitalocean:index/spacesBucket:SpacesBucket": "bucket",
    "estate:pencom:Host": "host",
    "estate:pencom:Store": "store",
    PENCOM_SERVICE: "service",
}


@dataclass(frozen=True)
class Loss:
    """`name` is what finds it again, `label` what its users call it.

    `starts` are the things that are lost, `resource` the one that stands for them.
    """

    kind: LossKind
    name: str
    label: str
    starts: frozenset[str] = frozenset()
    resource: Resource | None = None


def find(planned: Graph, found: DependencyGraph, said: str) -> Loss:
    """Find what a person means: a name or a URL, a region, a secret's key, `state` or `up`.

    Raises UsageError with what is close to an unknown name, or where one means several things.
    """
    if said == STATE:
        return Loss("state", STATE, f"the Pulumi state of {planned.stack}")
    if said == UP:
        return Loss("up", UP, "an `up` that was interrupted")
    if said in regions(planned):
        starts = frozenset(found.node_of[each.name] for each in regional(planned, said))
        return Loss("region", said, f"the region {said}", starts)
    if any(secret.declared and secret.key == said for secret in CATALOGUE):
        if users := _users(planned, said):
            return Loss("secret", said, f"the right value of {said}", users)
        raise UsageError(
            f"no app of {planned.stack} has {said} as a variable. With another {SEAL_KEY} no stored"
            f" seal fits: `pulumi config rm --stack {planned.stack} estate:seals`, have every plain"
            f" value at hand (`python -m ops secrets --stack {planned.stack}`), then"
            f" `python -m ops up --stack {planned.stack}`"
        )
    keys = resolve(found, said)
    mains = {loss.name: loss for key in sorted(keys) for loss in _mains(found, key)}
    if len(mains) > 1:
        raise UsageError(f"{said} stands for several things: say which, {', '.join(mains)}")
    for loss in mains.values():
        return loss
    own = sorted(key for key in keys if key in found.resources)
    if not own or not any(found.resources[key].custom for key in own):
        raise UsageError(
            f"{said} is nothing of ours to bring back: `python -m ops blast {said}` tells what"
            " stands on it and whom to call"
        )
    return Loss("part", said, said, frozenset(keys), found.resources[own[0]])


def _mains(found: DependencyGraph, key: str) -> Iterator[Loss]:
    """Yield the droplet, database, app and so on that a key is, or that answers for a URL."""
    thing = found.nodes.get(key)
    if thing and thing.kind == "url":
        for edge in found.needs().get(key, ()):
            if edge.effect is Effect.DOWN:
                yield from _behind(found, edge.needed)
        return
    resource = found.resources.get(key)
    if thing and resource and resource.type in BY_TYPE:
        label = resource.inputs["name"] if BY_TYPE[resource.type] == "zone" else thing.label
        yield Loss(BY_TYPE[resource.type], key, label, frozenset({key}), resource)
    elif thing and thing.kind == "store":  # a database of one of Pencom's servers
        server = found.resources[key.rpartition("/")[0]]
        yield Loss("store", key, thing.label, frozenset({key}), server)


def _behind(found: DependencyGraph, key: str) -> Iterator[Loss]:
    """Yield what answers behind a record, or is an app itself."""
    if found.resources[key].type in BY_TYPE:
        yield from _mains(found, key)
        return
    for edge in found.needs().get(key, ()):
        resource = found.resources.get(edge.needed)
        if resource and BY_TYPE.get(resource.type) == "droplet":
            yield from _mains(found, edge.needed)


def given(resource: Resource) -> list[Secret]:
    """Give the secrets that are variables of an app, whatever a stack calls it."""
    names = {each["key"] for each in resource.inputs.get("spec", {}).get("envs", ())}
    return [
        secret
        for secret in CATALOGUE
        if secret.declared and secret.system == resource.system and secret.name in names
    ]


def _users(planned: Graph, key: str) -> frozenset[str]:
    """Give the apps that a secret is a variable of."""
    return frozenset(
        each.name for each in planned.resources if key in [secret.key for secret in given(each)]
    )


def regions(planned: Graph) -> list[str]:
    """Name the regions that a stack stands in."""
    return sorted({each.inputs["region"] for each in planned.resources if _placed(each)})


def regional(planned: Graph, region: str) -> list[Resource]:
    """Give what stands in a region; App Platform knows it by its letters."""
    letters = region.rstrip("0123456789")
    return [
        each
        for each in planned.resources
        if (_placed(each) and each.inputs["region"] == region)
        or each.inputs.get("spec", {}).get("region") == letters
    ]


def _placed(resource: Resource) -> bool:
    return resource.custom and isinstance(resource.inputs.get("region"), str)


def losable(planned: Graph, found: DependencyGraph) -> list[Loss]:
    """List what may be lost: what the runbook has a page for. Of secrets, one of each user."""
    names = [each.name for each in planned.resources if each.type in BY_TYPE]
    users: dict[frozenset[str], str] = {}
    for secret in CATALOGUE:
        if secret.declared and (apps := _users(planned, secret.key)):
            users.setdefault(apps, secret.key)
    words = [*names, *users.values(), *regions(planned), STATE, UP]
    return [find(planned, found, word) for word in words]
