"""A resource in the rules' own words, and what several rules ask of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

UNKNOWN = "[unknown]"  # filled in by the cloud, or a reference to what is
SECRET = "[secret]"  # noqa: S105  what stands in a secret's place
CLOUD = "digitalocean:"
_ALL_OF_IPV4 = IPv6Network("::ffff:0:0/96")
_NARROW = {4: 8, 6: 16}  # a shorter prefix than this is nearly the world


@dataclass(frozen=True)
class Resource:
    """One planned resource: `inputs` in the engine's spelling, UNKNOWN and SECRET in them.

    `type` is Droplet for a cloud resource, the whole token for a component. `uses` names by input
    the resources that its value comes from.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]
    uses: Mapping[str, Collection[str]] = field(default_factory=dict)
    protect: bool = False
    parent: str = ""

    def used(self, key: str) -> Collection[str]:
        """Name the resources that an input's value comes from."""
        return self.uses.get(key, ())


@dataclass(frozen=True)
class Operation:
    """What the engine plans to do to a resource: `op` is its word (delete, replace...)."""

    name: str
    type: str
    op: str


Resources = Sequence[Resource]
Found = Iterable[tuple[str, str]]  # names of resources, and what was found there


def kind(token: str) -> str:
    """Give the type in the rules' words: digitalocean:index/droplet:Droplet is a Droplet."""
    return token.rpartition(":")[2] if token.startswith(CLOUD) else token


def of(resources: Resources, *types: str) -> Iterator[Resource]:
    """Yield the resources of these types."""
    return (resource for resource in resources if resource.type in types)


def items(value: Any) -> list[Any]:
    """Give a list's items; what is unknown as a whole, or not there, has none."""
    return list(value) if isinstance(value, (list, tuple)) else []


def entries(value: Any) -> list[Mapping[str, Any]]:
    """Give a list's items that are mappings; one that is not known yet is left out."""
    return [item for item in items(value) if isinstance(item, Mapping)]


def spec(app: Resource) -> Mapping[str, Any]:
    """Give an app's spec."""
    given = app.inputs.get("spec")
    return given if isinstance(given, Mapping) else {}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of everything in an input; a list's item goes by its key or name."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            called = item.get("key") or item.get("name") if isinstance(item, Mapping) else None
            yield from leaves(item, f"{path}[{called or position}]")
    else:
        yield path, value


def system(resource: Resource, resources: Resources) -> str:
    """Name the product that a resource belongs to: the outermost component around it."""
    parents = {each.name: each.parent for each in resources}
    name = resource.name
    for _ in resources:  # not for ever, should two types share a name
        if parents.get(name) not in parents:
            break
        name = parents[name]
    return name


def worldwide(sources: Iterable[Any]) -> list[str]:
    """Name the networks among these that are the world or nearly so; together they count, too.

    A text that is no network is named as well. What is not known yet is not.
    """
    found: list[str] = []
    networks: dict[int, list[Any]] = {4: [], 6: []}
    for source in sources:
        if source in (UNKNOWN, SECRET):
            continue
        try:
            network = ip_network(str(source), strict=False)
        except ValueError:
            found.append(f"{source} (no network)")
            continue
        networks[network.version].append(network)
    for together in (collapse_addresses(networks[4]), collapse_addresses(networks[6])):
        found += [str(network) for network in together if _is_wide(network)]
    return found


def _is_wide(network: IPv4Network | IPv6Network) -> bool:
    if isinstance(network, IPv6Network) and network.overlaps(_ALL_OF_IPV4):
        return network.prefixlen < _ALL_OF_IPV4.prefixlen + _NARROW[4]
    return network.prefixlen < _NARROW[network.version]
