"""What is refused before anything is made, and what differs between a state and new inputs."""

import re
from collections.abc import Iterator, Sequence

from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue

from rehearsal.cloud import row
from rehearsal.sdk import ResourceType, Shape
from rehearsal.table import REPLACES_WHEN_OFF
from rehearsal.values import Properties, fields, is_unknown, items, plain

_KINDS = {bool: "boolean", float: "number", str: "string", tuple: "list"}
Change = rpc.PropertyDiffKind


def check(kind: ResourceType, inputs: Properties) -> list[rpc.CheckFailure]:
    """Return every objection to the inputs of one resource; no reason repeats a value."""
    objections = [*_misfits(kind.inputs, PropertyValue({**inputs}), "")] or _refusals(kind, inputs)
    return [rpc.CheckFailure(path.lstrip("."), reason) for path, reason in objections]


def _misfits(shape: Shape, value: PropertyValue, path: str) -> Iterator[tuple[str, str]]:
    """Compare a value with the SDK's shape, at any depth."""
    if value.value is None or is_unknown(value) or shape.kind == "any":
        return
    kind = _KINDS.get(type(value.value), "object")
    if isinstance(value.value, float) and shape.kind == "integer" and value.value.is_integer():
        kind = "integer"
    if kind != {"map": "object"}.get(shape.kind, shape.kind):
        yield path, f"a value of kind {shape.kind} is needed, this is of kind {kind}"
        return
    for i, each in enumerate(items(value)):
        yield from _misfits(shape.item or Shape("any"), each, f"{path}[{i}]")
    for name, each in fields(value).items():
        if below := shape.item or shape.fields.get(name):
            yield from _misfits(below, each, f"{path}.{name}")
        else:
            yield f"{path}.{name}", f"no such input; there are: {', '.join(sorted(shape.fields))}"
    for name in sorted(shape.required - fields(value).keys()):
        yield f"{path}.{name}", "this input is required and missing"


def _refusals(kind: ResourceType, given: Properties) -> list[tuple[str, str]]:
    """Refuse what the SDK lets through and the provider, the API or this project does not."""

    def text(name: str, of: Properties = given) -> str:
        return str(of[name].value) if name in of and not is_unknown(of[name]) else ""

    spec, record, notes = fields(given.get("spec")), text("type"), given.get("notifications")
    dotted = record in ("CNAME", "MX", "NS", "SRV") or text("tag") in ("issue", "issuewild")
    told = is_unknown(notes) or any(is_unknown(note) or fields(note) for note in items(notes))
    rules = [
        (f"{side}[{i}].portRange", fields(rule))
        for side in ("inboundRules", "outboundRules")
        for i, rule in enumerate(items(given.get(side)))
    ]
    table: dict[str, list[tuple[object, str, str]]] = {
        "DatabaseCluster": [
            ("version" not in given, "version", "a cluster needs it at preview already"),
            (text("engine") == "redis", "engine", "redis is retired; use valkey"),
        ],
        "Firewall": [
            (text("protocol", rule) in ("tcp", "udp") and "portRange" not in rule, path,
             "a tcp or udp rule needs its ports") for path, rule in rules
        ],
        "UptimeAlert": [(not told, "notifications", "is empty, on which the plugin would fail")],
        "DnsRecord": [
            (dotted and text("value") and not text("value").endswith((".", "@")), "value",
             f"422: the value of a {record} record needs a trailing dot"),
        ],
        "App": [
            (len(text("name", spec)) > 32, "spec.name", "is longer than 32 characters"),
            ("domains" in spec and "domainNames" in spec, "spec.domains",
             "conflicts with domainNames"),
        ],
    }  # fmt: skip
    unnamed = "name" in kind.inputs.fields and "name" not in given
    reason = "must be explicit: left out, the provider adds a random suffix"
    objections = [(unnamed, "name", reason), *table.get(kind.name, [])]
    return [(path, reason) for wrong, path, reason in objections if wrong]


def diff(
    kind: ResourceType, state: Properties, inputs: Properties, ignored: Sequence[str]
) -> rpc.DiffResponse:
    """Compare the inputs with the state, as the real provider does.

    An input that is left out and that the far end fills in by itself is no difference.
    """
    ours = {name for name in kind.inputs.fields if name in inputs or not filled_in(kind, name)}
    old = PropertyValue({name: value for name, value in state.items() if name in ours})
    skip = [re.escape(path).replace(r"\[\*\]", r"\[\d+\]") + r"(?=$|[.\[])" for path in ignored]
    changes = {
        path[1:]: change
        for path, change in _differences(old, PropertyValue({**inputs}), "")
        if not any(re.match(pattern, path[1:]) for pattern in skip)
    }
    tops = {path: re.split(r"[.\[]", path)[0] for path in changes}
    kept = {name for name in REPLACES_WHEN_OFF & inputs.keys() if inputs[name].value}
    replaces = set(tops.values()) & set(row(kind).replaces.split()) - kept
    detailed = {
        path: rpc.PropertyDiff(Change(change.value + (tops[path] in replaces)), input_diff=False)
        for path, change in changes.items()
    }
    return rpc.DiffResponse(
        bool(changes), sorted(replaces), diffs=sorted({*tops.values()}), detailed_diff=detailed
    )


def filled_in(kind: ResourceType, name: str) -> bool:
    """Tell whether the far end has a value of its own for an input that is left out."""
    return name in kind.computed or name in row(kind).outputs


def _differences(old: PropertyValue, new: PropertyValue, path: str) -> Iterator[tuple[str, Change]]:
    """Walk both values together and yield each path that differs."""
    before, after = _parts(old, path), _parts(new, path)
    if not (before and after) and (is_unknown(new) or plain(old) != plain(new)):
        yield path, Change.UPDATE
        return
    for each in {**before, **after}:
        if each not in before:
            yield after[each][0], Change.ADD
        elif each not in after:
            yield before[each][0], Change.DELETE
        else:
            yield from _differences(before[each][1], after[each][1], after[each][0])


def _parts(value: PropertyValue, path: str) -> dict[object, tuple[str, PropertyValue]]:
    """Return the parts of a value with their paths: variables by key, other elements by place."""
    parts: dict[object, tuple[str, PropertyValue]] = {}
    for i, each in enumerate(items(value)):
        key = fields(each).get("key") if path.endswith(".envs") else None
        parts[plain(key) if key else i] = (f"{path}[{i}]", each)
    return parts or {name: (f"{path}.{name}", each) for name, each in fields(value).items()}
