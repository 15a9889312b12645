"""Runs the program without engine, cloud or network, and records what it registers.

The SDK's mock monitor replaces the engine. For a value that the cloud would fill in, it answers
with a reference (`<krotrust-droplet.ipv4Address>`), so that the plan shows where values come from.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
import runpy
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pulumi
import pulumi_digitalocean as do
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2

from ops import ROOT
from ops.cli.errors import UsageError
from ops.plan.aliases import former_urns
from ops.plan.config import StackConfig
from ops.plan.references import Reference

SECRET = "[secret]"  # noqa: S105  replaces a secret
LOOK_UPS = {"digitalocean:index/getDatabaseCa:getDatabaseCa": ("certificate",)}

# Ids are numbers, because the program converts the id of a droplet to one.
_FIRST_ID = 900_000_000_000
_ID = re.compile(r"\b9000000\d{5}\b")


@dataclass(frozen=True)
class Resource:
    """One registered resource.

    `inputs` are those that the engine receives, with SECRET and references in place of such values.
    `parent` and `dependencies` are URNs. `uses` maps an input to the names of the resources that
    its value comes from. `custom` is false for a component. `former` are the URNs of aliases.
    """

    urn: str
    type: str
    name: str
    parent: str
    system: str
    inputs: dict[str, Any]
    dependencies: tuple[str, ...]
    uses: dict[str, tuple[str, ...]]
    protect: bool
    ignore_changes: tuple[str, ...]
    custom: bool
    former: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def kind(self) -> str:
        """The last part of the type. A component that shares it with a cloud type keeps its module.

        So `digitalocean:index/droplet:Droplet` is a Droplet, `estate:compute:Droplet` is not.
        """
        last = self.type.rpartition(":")[2]
        if not self.custom and hasattr(do, last):
            return ":".join(self.type.split(":")[-2:])
        return last

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        return {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "system": self.system,
            "inputs": self.inputs,
            "dependencies": list(self.dependencies),
            "uses": {key: list(names) for key, names in self.uses.items()},
            "protect": self.protect,
            "ignoreChanges": list(self.ignore_changes),
            "custom": self.custom,
        }


@dataclass(frozen=True)
class Graph:
    """What the program of a stack registers, by system and name, and what it exports."""

    stack: str
    resources: tuple[Resource, ...]
    outputs: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        resources = [resource.as_json() for resource in self.resources]
        return {"stack": self.stack, "resources": resources, "outputs": self.outputs}

    def systems(self) -> dict[str, list[Resource]]:
        """Return the resources of each product, by its name."""
        grouped: dict[str, list[Resource]] = {}
        for resource in self.resources:
            grouped.setdefault(resource.system, []).append(resource)
        return grouped

    def parts(self) -> dict[str, str]:
        """Return the part that each resource belongs to, both by logical name.

        A part is a resource or component directly below a product. Products have no entry.
        """
        by_urn = {resource.urn: resource for resource in self.resources}
        parts = {}
        for resource in self.resources:
            part = resource
            while (parent := by_urn.get(part.parent)) and parent.parent in by_urn:
                part = parent
            if part.parent in by_urn:
                parts[resource.name] = part.name
        return parts


class _NoMocks(pulumi.runtime.Mocks):
    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise NotImplementedError(args.token)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> Any:
        raise NotImplementedError(args.typ)


class Recorder(mocks.MockMonitor):
    """Replaces the engine's resource monitor, and keeps every request."""

    def __init__(self, settings: StackConfig) -> None:
        super().__init__(_NoMocks())
        self._settings = settings
        self._root = f"{settings.project}-{settings.stack}"
        self._urn = f"urn:pulumi:{settings.stack}::{settings.project}::"
        self.requests: dict[str, Any] = {}
        self.outputs: dict[str, struct_pb2.Struct] = {}
        self._names: list[str] = []
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the protocol's name
        """Keep the request. Returns its inputs, and references for what the cloud fills in."""
        kinds = request.type
        if request.parent and not request.parent.endswith(f"::{self._root}"):
            kinds = f"{request.parent.removeprefix(self._urn).partition('::')[0]}${kinds}"
        urn = f"{self._urn}{kinds}::{request.name}"
        if urn in self.requests:  # as the engine does
            raise pulumi.RunError(f"two resources are called {request.name}: {urn}")
        self.requests[urn] = request
        answer = struct_pb2.Struct()
        answer.CopyFrom(request.object)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=answer)
        for output in _text_outputs(request.type):
            if output not in answer:
                reference = str(Reference(request.name, output))
                secret = output in request.additionalSecretOutputs
                answer[output] = _secret(reference) if secret else reference
        with self._lock:  # the SDK registers from several threads
            number = str(_FIRST_ID + len(self._names))
            self._names.append(request.name)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=number, object=answer)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Keep the outputs of components and of the stack."""
        self.outputs[request.urn] = request.outputs
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Return references as the answer to a look-up. Raises KeyError for an unknown one."""
        subject = next(iter(self.plain(request.args).values()))
        answer = struct_pb2.Struct()
        for output in LOOK_UPS[request.tok]:
            answer[output] = f"<{request.tok.rpartition(':')[2]} of {subject[1:-1]}>"
        return resource_pb2.ResourceInvokeResponse(**{"return": answer})

    def run(self, program: Callable[[], object]) -> None:
        """Run a program against this monitor, with the stack's configuration."""
        # The SDK keeps its root resource in the context, so each run needs a new context.
        with self._settings.in_environment():
            contextvars.Context().run(self._run, program)

    def _run(self, program: Callable[[], object]) -> None:
        try:
            asyncio.get_event_loop()
        except RuntimeError:  # an earlier asyncio.run in this thread closed its loop
            asyncio.set_event_loop(asyncio.new_event_loop())
        settings = self._settings
        pulumi.runtime.set_mocks(
            _NoMocks(), project=settings.project, stack=settings.stack, preview=True, monitor=self
        )

        @pulumi.runtime.test  # type: ignore[untyped-decorator]
        def run() -> None:
            program()
            root = pulumi.runtime.get_root_resource()
            assert isinstance(root, pulumi.runtime.stack.Stack)  # noqa: S101  set_mocks made it
            root.register_outputs(root.outputs)

        run()

    def graph(self) -> Graph:
        """Return everything registered, except the stack itself."""
        root = f"{self._urn}pulumi:pulumi:Stack::{self._root}"
        requests = {urn: request for urn, request in self.requests.items() if urn != root}

        def system(urn: str) -> str:
            while requests[urn].parent not in ("", root):
                urn = requests[urn].parent
            return str(requests[urn].name)

        resources = [
            Resource(
                urn=urn,
                type=request.type,
                name=request.name,
                parent=request.parent,
                system=system(urn),
                inputs=self.plain(request.object),
                dependencies=tuple(sorted(request.dependencies)),
                uses={
                    key: tuple(sorted(requests[urn].name for urn in sources.urns))
                    for key, sources in sorted(request.propertyDependencies.items())
                    if sources.urns
                },
                protect=request.protect,
                ignore_changes=tuple(request.ignoreChanges),
                custom=request.custom,
                former=former_urns(urn, requests),
            )
            for urn, request in requests.items()
        ]
        resources.sort(key=lambda resource: (resource.system, resource.name))
        outputs = self.plain(self.outputs.get(root, struct_pb2.Struct()))
        return Graph(self._settings.stack, tuple(resources), outputs)

    def plain(self, value: Any) -> Any:
        """Return a protocol value as plain data, with SECRET for secrets and references for ids."""
        if isinstance(value, struct_pb2.Struct):
            if rpc._special_sig_key in value:
                return SECRET
            return {key: self.plain(value[key]) for key in sorted(value)}
        if isinstance(value, struct_pb2.ListValue):
            return [self.plain(item) for item in value]
        if isinstance(value, float):
            if value >= _FIRST_ID:
                return self._reference(str(int(value)))
            return int(value) if value.is_integer() else value
        if isinstance(value, str):
            return _ID.sub(lambda match: self._reference(match[0]), value)
        return value

    def _reference(self, number: str) -> str:
        position = int(number) - _FIRST_ID
        known = position < len(self._names)
        return str(Reference(self._names[position], "id")) if known else number


def record(settings: StackConfig, program: Callable[[], object] | None = None) -> Graph:
    """Run the stack's program, or another, as the engine would in a first preview.

    Raises pulumi.RunError where the program does.
    """
    recorder = Recorder(settings)
    recorder.run(
        program or (lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"))
    )
    return recorder.graph()


def build(settings: StackConfig) -> Graph:
    """Run the program of a stack offline. Raises UsageError with the program's refusal."""
    try:
        return record(settings)
    except pulumi.RunError as error:
        raise UsageError(str(error)) from error


def _secret(value: str) -> dict[str, str]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


@lru_cache
def _text_outputs(token: str) -> tuple[str, ...]:
    """Return the names of a type's text outputs, as the engine spells them, from the SDK."""
    kind = getattr(do, token.rpartition(":")[2])
    getters: list[Any] = [
        member.fget for member in vars(kind).values() if isinstance(member, property)
    ]
    return tuple(
        getter._pulumi_name
        for getter in getters
        if getter.__annotations__["return"] == pulumi.Output[str]
    )
