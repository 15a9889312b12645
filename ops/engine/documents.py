"""The engine's JSON documents as typed values: a preview, and an exported state.

This is the only module that knows their keys. Sources: `pulumi preview --json` and
`pulumi stack export`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from ops.plan.urn import Urn

Inputs = Mapping[str, Any]
MAKING = ("creating", "importing", "reading")  # pending operations on what no state has yet


@dataclass(frozen=True)
class State:
    """One resource as the engine recorded it.

    `inputs` are what the program asked for, `outputs` what the provider answered.
    `property_dependencies` has the URNs that each input's value comes from.
    """

    urn: Urn
    type: str
    id: str = ""
    custom: bool = False
    protect: bool = False
    replaced: bool = False  # by a new one, and not deleted yet
    parent: str = ""
    inputs: Inputs = field(default_factory=dict)
    outputs: Inputs = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.name

    @property
    def kind(self) -> str:
        """The last part of the type: `Droplet`."""
        return self.type.rpartition(":")[2]

    @property
    def in_cloud(self) -> bool:
        """Whether a provider holds it: neither a component, nor the stack, nor a provider."""
        return self.custom and not self.type.startswith("pulumi:")


@dataclass(frozen=True)
class Step:
    """What the engine would do to one resource. `old` or `new` is None where there is none.

    `detail` is the provider's own list of differences: kind of difference by property path.
    """

    op: str
    urn: Urn
    old: State | None = None
    new: State | None = None
    diff_reasons: tuple[str, ...] = ()
    replace_reasons: tuple[str, ...] = ()
    detail: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.name


@dataclass(frozen=True)
class Preview:
    """What `pulumi preview --json` answers. `counts` are numbers of resources by operation."""

    steps: tuple[Step, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    diagnostics: tuple[tuple[str, str], ...] = ()  # severity, message

    def messages(self, severity: str) -> list[str]:
        """Return what the engine and the program said, each message once."""
        texts = (text for level, text in self.diagnostics if level == severity)
        return [text for text in dict.fromkeys(texts) if text]

    def live(self) -> Iterator[State]:
        """Yield the resources of the state that a refresh still finds in the cloud."""
        for step in self.steps:
            if step.op != "delete" and step.old:
                yield step.old


@dataclass(frozen=True)
class Deployment:
    """A state as `pulumi stack export` writes it. `pending` are interrupted operations by URN."""

    resources: tuple[State, ...]
    pending: Mapping[Urn, str]
    secrets_provider: Mapping[str, Any]
    written: str  # when, as the engine writes it: with nanoseconds

    @cached_property
    def in_cloud(self) -> tuple[State, ...]:
        """The resources that a provider holds."""
        return tuple(each for each in self.resources if each.in_cloud)

    @property
    def time(self) -> datetime:
        """When the engine wrote it, in UTC."""
        # Python reads no more than microseconds.
        whole, _, rest = self.written.removesuffix("Z").partition(".")
        return datetime.fromisoformat(f"{whole}.{rest[:6]:0<6}+00:00")


def preview(document: Mapping[str, Any]) -> Preview:
    """Read the answer of `pulumi preview --json`. Raises KeyError where it is another document."""
    diagnostics = (
        (each.get("severity", ""), each.get("message", "").strip().removeprefix("error: "))
        for each in document.get("diagnostics") or ()
    )
    return Preview(
        steps=tuple(_step(each) for each in document.get("steps") or ()),
        counts=document.get("changeSummary") or {},
        diagnostics=tuple(diagnostics),
    )


def deployment(text: str) -> Deployment:
    """Read what `pulumi stack export` wrote. An empty state has no resources."""
    return read_deployment(json.loads(text)["deployment"] or {})


def read_deployment(document: Mapping[str, Any]) -> Deployment:
    """Read the inner part of an export, which a backend's checkpoint holds as well."""
    return Deployment(
        resources=tuple(_state(each, each["urn"]) for each in document.get("resources") or ()),
        pending={
            Urn(each["resource"]["urn"]): each["type"]
            for each in document.get("pending_operations") or ()
        },
        secrets_provider=document.get("secrets_providers") or {},
        written=str((document.get("manifest") or {}).get("time", "")),
    )


def exported(checkpoint: bytes) -> str:
    """Turn a checkpoint, a file of the backend, into what `pulumi stack import` takes.

    Raises ValueError where it is cut off, no checkpoint, or has no resources.
    """
    try:
        document = json.loads(checkpoint)
        latest = document["checkpoint"]["latest"]
        if not latest["resources"]:
            raise ValueError("the checkpoint has no resources")
        export = {"version": document["version"], "deployment": latest}
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no checkpoint: {error}") from error
    if features := document.get("features"):
        export["features"] = features
    return json.dumps(export, indent=4)


def filled_import(draft: str, ids: Mapping[str, str]) -> str:
    """Fill ids into an import file, as `pulumi preview --import-file` drafts it.

    Keeps the resources that `ids` has by logical name, and the components above them.
    """
    document = json.loads(draft)
    by_name = {entry["name"]: entry for entry in document["resources"]}
    kept: set[str] = set()
    for name in ids.keys() & by_name.keys():
        while name in by_name:
            kept.add(name)
            name = by_name[name].get("parent", "")
    document["resources"] = [
        entry if entry.get("component") else {**entry, "id": ids[entry["name"]]}
        for entry in document["resources"]
        if entry["name"] in kept
    ]
    return json.dumps(document)


def _step(document: Mapping[str, Any]) -> Step:
    old, new = document.get("oldState"), document.get("newState")
    return Step(
        op=document["op"],
        urn=Urn(document["urn"]),
        old=_state(old, document["urn"]) if old else None,
        new=_state(new, document["urn"]) if new else None,
        diff_reasons=tuple(document.get("diffReasons") or ()),
        replace_reasons=tuple(document.get("replaceReasons") or ()),
        detail={path: each["kind"] for path, each in (document.get("detailedDiff") or {}).items()},
    )


def _state(document: Mapping[str, Any], urn: str) -> State:
    uses = document.get("propertyDependencies") or {}
    return State(
        urn=Urn(urn),
        type=document.get("type") or Urn(urn).type,
        id=document.get("id") or "",
        custom=bool(document.get("custom")),
        protect=bool(document.get("protect")),
        replaced=bool(document.get("delete")),
        parent=document.get("parent") or "",
        inputs=document.get("inputs") or {},
        outputs=document.get("outputs") or {},
        dependencies=tuple(document.get("dependencies") or ()),
        property_dependencies={key: tuple(urns) for key, urns in uses.items() if urns},
    )
