"""A planned resource as the rules read it, and the questions that several rules ask of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

UNKNOWN = "[unknown]"  # filled in by the cloud, or a reference to such a value
SECRET = "[secret]"  # noqa: S105  replaces a secret
CLOUD = "digitalocean:"
_ALL_OF_IPV4 = IPv6Network("::ffff:0:0/96")
_NARROW = {4: 8, 6: 16}  # IP version -> a shorter prefix than this is nearly the whole internet


@dataclass(frozen=True)
class PlannedResource:
    """One planned resource.

    `type` is `Droplet` for a cloud resource, the whole token for a component. `inputs` are spelled
    as the engine spells them, with UNKNOWN and SECRET in place of such values. `uses` maps an input
    to the names of the resources that its value comes from.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]
    uses: Mapping[str, Collection[str]] = field(default_factory=dict)
    protect: bool = False
    parent: str = ""

    def used(self, key: str) -> Collection[str]:
        """Return the names of the resources that an input's value comes from."""
        return self.uses.get(key, ())


@dataclass(frozen=True)
class Operation:
    """A planned operation of the engine on a resource; `op` as the engine spells it."""

    name: str
    type: str
    op: str


Resources = Sequence[PlannedResource]
Problems = Iterable[tuple[str, str]]  # (name of a resource, its violation)


def kind(token: str) -> str:
    """Return the type that rules use: `digitalocean:index/droplet:Droplet` is a `Droplet`."""
    return token.rpartition(":")[2] if token.startswith(CLOUD) else token


def of_type(resources: Resources, *types: str) -> Iterator[PlannedResource]:
    """Yield the resources of these types."""
    return (resource for resource in resources if resource.type in types)


def items(value: Any) -> list[Any]:
    """Return a list's items; none where the whole list is unknown or missing."""
    return list(value) if isinstance(value, (list, tuple)) else []


def entries(value: Any) -> list[Mapping[str, Any]]:
    """Return a list's items that are mappings, without those still unknown."""
    return [item for item in items(value) if isinstance(item, Mapping)]


def spec(app: PlannedResource) -> Mapping[str, Any]:
    """Return an app's spec, empty while unknown."""
    value = app.inputs.get("spec")
    return value if isinstance(value, Mapping) else {}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of every scalar in an input. A list item's path has its key or name."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            label = item.get("key") or item.get("name") if isinstance(item, Mapping) else None
            yield from leaves(item, f"{path}[{label or position}]")
    else:
        yield path, value


def product_of(resource: PlannedResource, resources: Resources) -> str:
    """Return the name of the outermost component around a resource, which is its product."""
    parents = {each.name: each.parent for each in resources}
    name = resource.name
    for _ in resources:  # bounded: two types may share a name and point at each other
        if parents.get(name) not in parents:
            break
        name = parents[name]
    return name


def worldwide(sources: Iterable[Any]) -> list[str]:
    """Return the networks that cover all or nearly all of the internet, adjacent ones merged.

    A text that is no network is returned, too. Unknown sources are skipped.
    """
    wide: list[str] = []
    networks: dict[int, list[Any]] = {4: [], 6: []}
    for source in sources:
        if source in (UNKNOWN, SECRET):
            continue
        try:
            network = ip_network(str(source), strict=False)
        except ValueError:
            wide.append(f"{source} (no network)")
            continue
        networks[network.version].append(network)
    for merged in (collapse_addresses(networks[4]), collapse_addresses(networks[6])):
        wide += [str(network) for network in merged if _is_wide(network)]
    return wide


def _is_wide(network: IPv4Network | IPv6Network) -> bool:
    if isinstance(network, IPv6Network) and network.overlaps(_ALL_OF_IPV4):
        return network.prefixlen < _ALL_OF_IPV4.prefixlen + _NARROW[4]
    return network.prefixlen < _NARROW[network.version]
