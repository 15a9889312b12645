"""What is refused before and while something is made, and what differs from new inputs."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any

import pulumi_digitalocean as do
from pulumi.provider.experimental import provider as rpc
from pulumi.runtime.rpc import UNKNOWN

from rehearsal.cloud import FIRST, Json, at, filled_in, find, row
from rehearsal.sdk import ResourceType, misfits
from rehearsal.table import NEVER_FULL, REPLACES_WHEN_OFF, SPACES_REGIONS
from rehearsal.values import sealed_by

Change = rpc.PropertyDiffKind
_TRAILING_DOT = {"CNAME", "MX", "NS", "SRV", "issue", "issuewild"}
_REGIONS = ", ".join(each.value for each in do.Region)
_SIZES = {
    "Droplet": ", ".join(each.value for each in do.DropletSlug),
    "DatabaseCluster": ", ".join(each.value for each in do.DatabaseSlug),
}
# Assumed: the names of the distributions' images, or the number of one's own.
_IMAGE = r"\d+|(ubuntu-\d\d-(04|10)|(debian|fedora|centos-stream|rockylinux|almalinux)-\d+)-x64"


def check(kind: ResourceType, inputs: Json) -> list[rpc.CheckFailure]:
    """Return every objection to the inputs of one resource; no reason repeats a value."""
    objections = [*misfits(kind.arguments, inputs)] or [*_oddities(kind, inputs)]
    return [rpc.CheckFailure(path.lstrip("."), reason) for path, reason in objections]


def _oddities(kind: ResourceType, given: Json) -> Iterator[tuple[str, str]]:
    """Refuse what the SDK lets through and the provider, the API or this project does not."""
    if "name" in kind.inputs and "name" not in given:
        yield "name", "must be explicit: left out, the provider adds a random suffix"
    if kind.name == "DatabaseCluster" and "version" not in given:
        yield "version", "a cluster needs it at preview already"
    if given.get("engine") == "redis":
        yield "engine", "redis is retired; use valkey"
    if kind.name == "UptimeAlert" and not any(at(given, "notifications")):
        yield "notifications", "is empty, on which the plugin would fail"
    yield from _portless(given)
    dotted = {given.get("type"), given.get("tag")} & _TRAILING_DOT
    if kind.name == "DnsRecord" and dotted and not given["value"].endswith((".", "@", UNKNOWN)):
        yield "value", f"422: the value of a {given['type']} record needs a trailing dot"
    if any(len(name) > 32 for name in at(given, "spec.name") if name != UNKNOWN):
        yield "spec.name", "is longer than 32 characters"
    if at(given, "spec.domains") and at(given, "spec.domainNames"):
        yield "spec.domains", "conflicts with domainNames"


def _portless(given: Json) -> Iterator[tuple[str, str]]:
    for side in ("inboundRules", "outboundRules"):
        for i, rule in enumerate(at(given, side)):
            if {"tcp", "udp"} & {*at(rule, "protocol")} and not at(rule, "portRange"):
                yield f"{side}[{i}].portRange", "a tcp or udp rule needs its ports"


def refusals(content: Json, kind: str, identity: str, new: Json, old: Json) -> Iterator[str]:
    """Yield why the far end would not make or change something; `old` is empty when it is made."""
    yield from _slugs(kind, new)
    for path, parent in row(kind).parents.items():
        for wanted in {*at(new, path)} - {"", *FIRST.values()}:
            if not any(find(content, *each.split("."), wanted=wanted) for each in parent.split()):
                yield f"404 Not Found: {path} {wanted!r} is no {parent}"
    if kind == "DatabaseCluster" and old:
        before, after = (int(re.findall(r"\d+", each["size"])[-1]) for each in (old, new))
        if after < before or new["nodeCount"] < old["nodeCount"]:
            yield "422 Unprocessable: a cluster's size and nodeCount never shrink"
        if "maintenanceWindows" in old and "maintenanceWindows" not in new:
            yield "the plugin fails here: maintenanceWindows may be moved and never removed"
    if kind == "App":
        yield from _app_refusals(content, identity, new["spec"])


def _slugs(kind: str, new: Json) -> Iterator[str]:
    """Yield the region, size or image that nobody offers."""
    regions = SPACES_REGIONS if kind.startswith("Spaces") else _REGIONS
    for name, known in (("region", regions), ("size", _SIZES.get(kind, ""))):
        if known and new.get(name, known) not in (known, *known.split(", ")):
            yield f"422 Unprocessable: {name} {new[name]!r} is none of {known}"
    if kind == "Droplet" and not re.fullmatch(_IMAGE, new["image"]):
        yield f"422 Unprocessable: there is no image {new['image']!r}"


def _app_refusals(content: Json, identity: str, spec: Json) -> Iterator[str]:
    """Yield seals and names of another app, and databases that do not let this one in."""
    variables = [each for part in (spec, *spec.values()) for each in at({"": part}, ".envs")]
    for key, text in ((each["key"], str(each.get("value"))) for each in variables):
        if text.startswith("EV[") and not sealed_by(identity, text):
            yield f"400 Bad Request: {key} holds a sealed value that this app did not seal"
    held = content["resources"]
    others = [each for key, each in held.items() if key.startswith("App/") and key[4:] != identity]
    taken = at({"apps": others}, "apps.state.spec.domainNames.name")
    for name in at(spec, "domainNames.name"):
        if name in taken:  # assumed
            yield f"422 Unprocessable: another app answers {name!r}; it has to let go of it first"
    vpcs = [held[key] for each in at(spec, "vpcs.id") if (key := find(content, "Vpc", wanted=each))]
    networks = [ip_network(each["state"]["ipRange"]) for each in vpcs]
    for name in at(spec, "databases.clusterName"):
        cluster = find(content, "DatabaseCluster", "name", wanted=name)
        wall = held.get(find(content, "DatabaseFirewall", wanted=cluster.partition("/")[2]))
        rules = at(wall, "state.rules")
        ranges = [ip_network(each["value"]) for each in rules if each["type"] == "ip_addr"]
        trusted = {"type": "app", "value": identity} in rules
        trusted |= any(_within(mine, theirs) for mine in networks for theirs in ranges)
        if not cluster:
            yield f"404 Not Found: databases.clusterName {name!r} is no DatabaseCluster"
        elif not trusted and (wall or not held[cluster].get("open")):
            yield (
                f"422 the deployment of {spec['name']!r} failed: the trusted sources of cluster"
                f" {name!r} ({'as set' if wall else 'none is set yet'}) do not let it in"
            )


def _within(mine: Any, theirs: Any) -> bool:
    return mine.version == theirs.version and bool(mine.subnet_of(theirs))


def full(content: Json, kind: str, identity: str) -> str:
    """Return why something may not be deleted: what stands in it, if anything does."""
    for key, other in content["resources"].items():
        name = key.partition("/")[0]
        for path, parent in row(name).parents.items():
            if parent == kind in NEVER_FULL and identity in at(other["state"], path):
                return f"{NEVER_FULL[kind]}: {name} {other['name'] or key}"
    return ""


def diff(kind: ResourceType, state: Json, inputs: Json, ignored: Sequence[str]) -> rpc.DiffResponse:
    """Compare the inputs with the state, as the real provider does.

    An input that is left out and that the far end fills in by itself is no difference.
    """
    ours = {name for name in kind.inputs if name in inputs or not filled_in(kind, name)}
    old = {name: value for name, value in state.items() if name in ours}
    skip = [re.escape(path).replace(r"\[\*\]", r"\[\d+\]") + r"(?=$|[.\[])" for path in ignored]
    changes = {
        path[1:]: change
        for path, change in _differences(old, inputs, "")
        if not any(re.match(pattern, path[1:]) for pattern in skip)
    }
    tops = {path: re.split(r"[.\[]", path)[0] for path in changes}
    kept = {name for name in REPLACES_WHEN_OFF if inputs.get(name)}
    replaces = set(tops.values()) & set(row(kind.name).replaces.split()) - kept
    detailed = {
        path: rpc.PropertyDiff(Change(change.value + (tops[path] in replaces)), input_diff=False)
        for path, change in changes.items()
    }
    return rpc.DiffResponse(
        bool(changes), sorted(replaces), diffs=sorted({*tops.values()}), detailed_diff=detailed
    )


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, Change]]:
    """Walk both values together and yield each path that differs."""
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
    """Return the parts of a value with their paths: variables by key, other elements by place."""
    if isinstance(value, dict):
        return {name: (f"{path}.{name}", each) for name, each in value.items()}
    keyed = path.endswith(".envs") and isinstance(value, list)
    return {
        (at(each, "key") or [i])[0] if keyed else i: (f"{path}[{i}]", each)
        for i, each in enumerate(value if isinstance(value, list) else ())
    }
