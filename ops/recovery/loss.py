"""A loss: from what a person calls it to the resources of the plan."""

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
    """`name` identifies it, and `label` is what its users call it.

    `starts` are the keys of all lost things, `resource` is the main one.
    """

    kind: LossKind
    name: str
    label: str
    starts: frozenset[str] = frozenset()
    resource: Resource | None = None


def find(graph: Graph, dependencies: DependencyGraph, query: str) -> Loss:
    """Find a loss by a name or URL, a region, a secret's key, `state` or `up`.

    Raises UsageError for an unknown or ambiguous name, with the names that are close.
    """
    if query == STATE:
        return Loss("state", STATE, f"the Pulumi state of {graph.stack}")
    if query == UP:
        return Loss("up", UP, "an interrupted `up`")
    if query in regions(graph):
        starts = frozenset(dependencies.node_of[each.name] for each in regional(graph, query))
        return Loss("region", query, f"the region {query}", starts)
    if any(secret.declared and secret.key == query for secret in CATALOGUE):
        return _secret(graph, query)
    keys = resolve(dependencies, query)
    losses = {each.name: each for key in sorted(keys) for each in _main(dependencies, key)}
    if len(losses) > 1:
        raise UsageError(f"{query} means several things: choose one of {', '.join(losses)}")
    for loss in losses.values():
        return loss
    own = [dependencies.resources[key] for key in sorted(keys) if key in dependencies.resources]
    if not any(each.custom for each in own):
        raise UsageError(
            f"{query} is not ours to recover: `python -m ops blast {query}` shows what depends on"
            " it and the contacts"
        )
    return Loss("part", query, query, frozenset(keys), own[0])


def _secret(graph: Graph, key: str) -> Loss:
    if apps := _apps_with(graph, key):
        return Loss("secret", key, f"the right value of {key}", apps)
    raise UsageError(
        f"no app of {graph.stack} has {key} as a variable. A new {SEAL_KEY} fits no stored seal:"
        f" remove them (`pulumi config rm --stack {graph.stack} estate:seals`), provide every"
        f" plain value (`python -m ops secrets --stack {graph.stack}`), then run"
        f" `python -m ops up --stack {graph.stack}`"
    )


def _main(dependencies: DependencyGraph, key: str) -> Iterator[Loss]:
    """Yield the droplet, database, app and so on that has a key, or that answers for a URL."""
    thing = dependencies.nodes.get(key)
    if thing and thing.kind == "url":
        for edge in dependencies.needs().get(key, ()):
            if edge.effect is Effect.DOWN:
                yield from _behind(dependencies, edge.needed)
        return
    resource = dependencies.resources.get(key)
    if thing and resource and resource.type in BY_TYPE:
        label = resource.inputs["name"] if BY_TYPE[resource.type] == "zone" else thing.label
        yield Loss(BY_TYPE[resource.type], key, label, frozenset({key}), resource)
    elif thing and thing.kind == "store":  # a database of one of Pencom's servers
        server = dependencies.resources[key.rpartition("/")[0]]
        yield Loss("store", key, thing.label, frozenset({key}), server)


def _behind(dependencies: DependencyGraph, key: str) -> Iterator[Loss]:
    """Yield the app with a key, or the droplet behind the record with it."""
    if dependencies.resources[key].type in BY_TYPE:
        yield from _main(dependencies, key)
        return
    for edge in dependencies.needs().get(key, ()):
        resource = dependencies.resources.get(edge.needed)
        if resource and BY_TYPE.get(resource.type) == "droplet":
            yield from _main(dependencies, edge.needed)


def secrets_of(app: Resource) -> list[Secret]:
    """Return the catalogue's secrets that are variables of an app."""
    names = {each["key"] for each in app.inputs.get("spec", {}).get("envs", ())}
    return [
        secret
        for secret in CATALOGUE
        if secret.declared and secret.system == app.system and secret.name in names
    ]


def _apps_with(graph: Graph, key: str) -> frozenset[str]:
    """Return the names of the apps that have a secret as a variable."""
    return frozenset(
        each.name for each in graph.resources if key in [secret.key for secret in secrets_of(each)]
    )


def regions(graph: Graph) -> list[str]:
    """Return the regions that a stack uses."""
    return sorted({each.inputs["region"] for each in graph.resources if _has_region(each)})


def regional(graph: Graph, region: str) -> list[Resource]:
    """Return the resources in a region; App Platform knows it by its letters."""
    letters = region.rstrip("0123456789")
    return [
        each
        for each in graph.resources
        if (_has_region(each) and each.inputs["region"] == region)
        or each.inputs.get("spec", {}).get("region") == letters
    ]


def _has_region(resource: Resource) -> bool:
    return resource.custom and isinstance(resource.inputs.get("region"), str)


def losable(graph: Graph, dependencies: DependencyGraph) -> list[Loss]:
    """Return each loss that has a page in the runbook; of secrets, one for each set of apps."""
    names = [each.name for each in graph.resources if each.type in BY_TYPE]
    secrets: dict[frozenset[str], str] = {}
    for secret in CATALOGUE:
        if secret.declared and (apps := _apps_with(graph, secret.key)):
            secrets.setdefault(apps, secret.key)
    queries = [*names, *secrets.values(), *regions(graph), STATE, UP]
    return [find(graph, dependencies, query) for query in queries]
