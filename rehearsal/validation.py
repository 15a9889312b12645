"""Validates inputs as the SDK, the provider and the API would, and compares them with the state."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any

import pulumi_digitalocean as do
from pulumi.provider.experimental import provider as rpc
from pulumi.runtime.rpc import UNKNOWN

from rehearsal.cloud import DEFAULTS, Json, find_key, is_computed, row, values_at
from rehearsal.property_values import sealed_by
from rehearsal.sdk import ResourceType, misfits
from rehearsal.table import MUST_BE_EMPTY, REPLACES_WHEN_OFF, SPACES_REGIONS

Change = rpc.PropertyDiffKind
_TRAILING_DOT = {"CNAME", "MX", "NS", "SRV", "issue", "issuewild"}
_REGIONS = ", ".join(each.value for each in do.Region)
_SIZES = {
    "Droplet": ", ".join(each.value for each in do.DropletSlug),
    "DatabaseCluster": ", ".join(each.value for each in do.DatabaseSlug),
}
# Assumed: the names of the distributions' images, or the number of one's own.
_IMAGE = r"\d+|(ubuntu-\d\d-(04|10)|(debian|fedora|centos-stream|rockylinux|almalinux)-\d+)-x64"


def input_failures(kind: ResourceType, inputs: Json) -> list[rpc.CheckFailure]:
    """Return every failure of the inputs of one resource; no reason includes a value."""
    failures = [*misfits(kind.arguments, inputs)] or [*_refused_later(kind, inputs)]
    return [rpc.CheckFailure(path.lstrip("."), reason) for path, reason in failures]


def _refused_later(kind: ResourceType, inputs: Json) -> Iterator[tuple[str, str]]:
    """Yield (path, reason) for inputs that the SDK accepts, but not the provider or the API."""
    if "name" in kind.inputs and "name" not in inputs:
        yield "name", "must be explicit: left out, the provider adds a random suffix"
    if kind.name == "DatabaseCluster" and "version" not in inputs:
        yield "version", "a cluster needs it at preview already"
    if inputs.get("engine") == "redis":
        yield "engine", "redis is retired; use valkey"
    if kind.name == "UptimeAlert" and not any(values_at(inputs, "notifications")):
        yield "notifications", "is empty, on which the plugin would fail"
    yield from _rules_without_ports(inputs)
    dotted = {inputs.get("type"), inputs.get("tag")} & _TRAILING_DOT
    if kind.name == "DnsRecord" and dotted and not inputs["value"].endswith((".", "@", UNKNOWN)):
        yield "value", f"422: the value of a {inputs['type']} record needs a trailing dot"
    if any(len(name) > 32 for name in values_at(inputs, "spec.name") if name != UNKNOWN):
        yield "spec.name", "is longer than 32 characters"
    if values_at(inputs, "spec.domains") and values_at(inputs, "spec.domainNames"):
        yield "spec.domains", "conflicts with domainNames"


def _rules_without_ports(inputs: Json) -> Iterator[tuple[str, str]]:
    for side in ("inboundRules", "outboundRules"):
        for i, rule in enumerate(values_at(inputs, side)):
            if {"tcp", "udp"} & {*values_at(rule, "protocol")} and not values_at(rule, "portRange"):
                yield f"{side}[{i}].portRange", "a tcp or udp rule needs its ports"


def refusals(content: Json, kind: str, identity: str, new: Json, old: Json) -> Iterator[str]:
    """Yield why the API would refuse to create (`old` is empty) or change a resource."""
    yield from _unknown_slugs(kind, new)
    for path, parent in row(kind).parents.items():
        for value in {*values_at(new, path)} - {"", *DEFAULTS.values()}:
            if not any(find_key(content, *each.split("."), value=value) for each in parent.split()):
                yield f"404 Not Found: {path} {value!r} is no {parent}"
    if kind == "DatabaseCluster" and old:
        before, after = (int(re.findall(r"\d+", each["size"])[-1]) for each in (old, new))
        if after < before or new["nodeCount"] < old["nodeCount"]:
            yield "422 Unprocessable: a cluster's size and nodeCount never shrink"
        if "maintenanceWindows" in old and "maintenanceWindows" not in new:
            yield "the plugin fails here: maintenanceWindows may be moved and never removed"
    if kind == "App":
        yield from _app_refusals(content, identity, new["spec"])


def _unknown_slugs(kind: str, new: Json) -> Iterator[str]:
    """Yield a refusal for a region, size or image that DigitalOcean does not have."""
    regions = SPACES_REGIONS if kind.startswith("Spaces") else _REGIONS
    for name, known in (("region", regions), ("size", _SIZES.get(kind, ""))):
        if known and new.get(name, known) not in (known, *known.split(", ")):
            yield f"422 Unprocessable: {name} {new[name]!r} is none of {known}"
    if kind == "Droplet" and not re.fullmatch(_IMAGE, new["image"]):
        yield f"422 Unprocessable: there is no image {new['image']!r}"


def _app_refusals(content: Json, identity: str, spec: Json) -> Iterator[str]:
    """Yield a refusal for seals or names of another app, and for databases that block this one."""
    variables = [each for part in (spec, *spec.values()) for each in values_at({"": part}, ".envs")]
    for key, text in ((each["key"], str(each.get("value"))) for each in variables):
        if text.startswith("EV[") and not sealed_by(identity, text):
            yield f"400 Bad Request: {key} holds a sealed value that this app did not seal"
    live = content["resources"]
    others = [each for key, each in live.items() if key.startswith("App/") and key[4:] != identity]
    taken = values_at({"apps": others}, "apps.state.spec.domainNames.name")
    for name in values_at(spec, "domainNames.name"):
        if name in taken:  # assumed
            yield f"422 Unprocessable: another app answers {name!r}; it has to let go of it first"
    vpcs = [find_key(content, "Vpc", value=each) for each in values_at(spec, "vpcs.id")]
    networks = [ip_network(live[key]["state"]["ipRange"]) for key in vpcs if key]
    for name in values_at(spec, "databases.clusterName"):
        cluster = find_key(content, "DatabaseCluster", "name", value=name)
        firewall = live.get(find_key(content, "DatabaseFirewall", value=cluster.partition("/")[2]))
        rules = values_at(firewall, "state.rules")
        ranges = [ip_network(each["value"]) for each in rules if each["type"] == "ip_addr"]
        trusted = {"type": "app", "value": identity} in rules
        trusted |= any(_within(network, range_) for network in networks for range_ in ranges)
        if not cluster:
            yield f"404 Not Found: databases.clusterName {name!r} is no DatabaseCluster"
        elif not trusted and (firewall or not live[cluster].get("open")):
            yield (
                f"422 the deployment of {spec['name']!r} failed: the trusted sources of cluster"
                f" {name!r} ({'as set' if firewall else 'none is set yet'}) do not let it in"
            )


def _within(network: Any, range_: Any) -> bool:
    return network.version == range_.version and bool(network.subnet_of(range_))


def in_use(content: Json, kind: str, identity: str) -> str:
    """Return why a resource may not be deleted: a resource in it; or an empty string."""
    for key, other in content["resources"].items():
        name = key.partition("/")[0]
        for path, parent in row(name).parents.items():
            if parent == kind in MUST_BE_EMPTY and identity in values_at(other["state"], path):
                return f"{MUST_BE_EMPTY[kind]}: {name} {other['name'] or key}"
    return ""


def diff(kind: ResourceType, state: Json, inputs: Json, ignored: Sequence[str]) -> rpc.DiffResponse:
    """Compare the inputs with the state, as the real provider does.

    An input that is left out and that the API fills in is no difference.
    """
    managed = {name for name in kind.inputs if name in inputs or not is_computed(kind, name)}
    old = {name: value for name, value in state.items() if name in managed}
    skip = [re.escape(path).replace(r"\[\*\]", r"\[\d+\]") + r"(?=$|[.\[])" for path in ignored]
    changes = {
        path[1:]: change
        for path, change in _differences(old, inputs, "")
        if not any(re.match(pattern, path[1:]) for pattern in skip)
    }
    tops = {path: re.split(r"[.\[]", path)[0] for path in changes}
    turned_on = {name for name in REPLACES_WHEN_OFF if inputs.get(name)}
    replaces = set(tops.values()) & set(row(kind.name).replaces.split()) - turned_on
    detailed = {
        path: rpc.PropertyDiff(Change(change.value + (tops[path] in replaces)), input_diff=False)
        for path, change in changes.items()
    }
    return rpc.DiffResponse(
        bool(changes), sorted(replaces), diffs=sorted({*tops.values()}), detailed_diff=detailed
    )


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, Change]]:
    """Yield each path at which two values differ, with the kind of change."""
    before, after = _parts(old, path), _parts(new, path)
    if not (before and after):
        if old != new or new == UNKNOWN:
            yield path, Change.UPDATE
        return
    for each in {**before, **after}:
        if each not in before:
            yield after[each][0], Change.ADD
        elif each not in after:
            yield before[each][0], Change.DELETE
        else:
            yield from _differences(before[each][1], after[each][1], after[each][0])


def _parts(value: Any, path: str) -> dict[object, tuple[str, Any]]:
    """Return (path, part) for each part of a value: variables by key, other elements by index."""
    if isinstance(value, dict):
        return {name: (f"{path}.{name}", each) for name, each in value.items()}
    keyed = path.endswith(".envs") and isinstance(value, list)
    return {
        (values_at(each, "key") or [i])[0] if keyed else i: (f"{path}[{i}]", each)
        for i, each in enumerate(value if isinstance(value, list) else ())
    }
