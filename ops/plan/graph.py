"""The program run without engine, cloud or network, and everything that it registered.

The SDK's mock monitor takes the engine's place. Where the cloud would fill a value in, it answers
a reference (`<krotrust-droplet.ipv4Address>`), so that the plan says where each value comes from.
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

SECRET = "[secret]"  # noqa: S105  what is shown in a secret's place
LOOK_UPS = {"digitalocean:index/getDatabaseCa:getDatabaseCa": ("certificate",)}

# An id is handed out as a number, because the program turns a droplet's id into one.
_FIRST_ID = 900_000_000_000
_ID = re.compile(r"\b9000000\d{5}\b")


@dataclass(frozen=True)
class Resource:
    """One registered resource. `inputs` as the engine receives them, secrets and unknowns shown.

    `uses` names by input the resources that its value comes from. `former` are the URNs that it had
    before, as far as aliases say.
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
        """Give the published form."""
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
    """What a stack's program registered, in a stable order, and what it exports."""

    stack: str
    resources: tuple[Resource, ...]
    outputs: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Give the published form."""
        resources = [resource.as_json() for resource in self.resources]
        return {"stack": self.stack, "resources": resources, "outputs": self.outputs}

    def systems(self) -> dict[str, list[Resource]]:
        """Group the resources by product."""
        grouped: dict[str, list[Resource]] = {}
        for resource in self.resources:
            grouped.setdefault(resource.system, []).append(resource)
        return grouped


class _NoMocks(pulumi.runtime.Mocks):
    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise NotImplementedError(args.token)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> Any:
        raise NotImplementedError(args.typ)


class Recorder(mocks.MockMonitor):
    """Stands where the engine's resource monitor stands, and keeps what it is told."""

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
        """Keep the request; answer its inputs, and references for what the cloud fills in."""
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
        """Answer a look-up with a reference. Raises KeyError for one that LOOK_UPS lacks."""
        subject = next(iter(self.shown(request.args).values()))
        answer = struct_pb2.Struct()
        for output in LOOK_UPS[request.tok]:
            answer[output] = f"<{request.tok.rpartition(':')[2]} of {subject[1:-1]}>"
        return resource_pb2.ResourceInvokeResponse(**{"return": answer})

    def run(self, program: Callable[[], object]) -> None:
        """Run a program against this monitor, with the stack's configuration."""
        # The SDK keeps its root resource in the context: a fresh one for each run.
        with self._settings.in_environment():
            contextvars.Context().run(self._run, program)

    def _run(self, program: Callable[[], object]) -> None:
        try:
            asyncio.get_event_loop()
        except RuntimeError:  # whoever ran asyncio in this thread before has taken its loop away
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
        """Give what was registered, but for the stack itself."""
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
                inputs=self.shown(request.object),
                dependencies=tuple(sorted(request.dependencies)),
                uses={
                    key: tuple(sorted(requests[urn].name for urn in given.urns))
                    for key, given in sorted(request.propertyDependencies.items())
                    if given.urns
                },
                protect=request.protect,
                ignore_changes=tuple(request.ignoreChanges),
                custom=request.custom,
                former=former_urns(urn, requests),
            )
            for urn, request in requests.items()
        ]
        resources.sort(key=lambda resource: (resource.system, resource.name))
        outputs = self.shown(self.outputs.get(root, struct_pb2.Struct()))
        return Graph(self._settings.stack, tuple(resources), outputs)

    def shown(self, value: Any) -> Any:
        """Turn a protocol value into plain data, secrets hidden and ids as references."""
        if isinstance(value, struct_pb2.Struct):
            if rpc._special_sig_key in value:
                return SECRET
            return {key: self.shown(value[key]) for key in sorted(value)}
        if isinstance(value, struct_pb2.ListValue):
            return [self.shown(item) for item in value]
        if isinstance(value, float):
            if value >= _FIRST_ID:
                return self._reference(str(int(value)))
            return int(value) if value.is_integer() else value
        if isinstance(value, str):
            return _ID.sub(lambda found: self._reference(found[0]), value)
        return value

    def _reference(self, number: str) -> str:
        place = int(number) - _FIRST_ID
        return str(Reference(self._names[place], "id")) if place < len(self._names) else number


def record(settings: StackConfig, program: Callable[[], object] | None = None) -> Graph:
    """Run the stack's program (or another) as the engine would in a preview from nothing.

    Raises pulumi.RunError as the program does, and nothing is registered then.
    """
    recorder = Recorder(settings)
    recorder.run(
        program or (lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"))
    )
    return recorder.graph()


def build(settings: StackConfig) -> Graph:
    """Run the program of a stack offline. Raises UsageError with what the program refused."""
    try:
        return record(settings)
    except pulumi.RunError as error:
        raise UsageError(str(error)) from error


def _secret(value: str) -> dict[str, str]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


@lru_cache
def _text_outputs(token: str) -> tuple[str, ...]:
    """Name a type's text properties as the engine spells them, by what the SDK says of it."""
    kind = getattr(do, token.rpartition(":")[2])
    getters: list[Any] = [
        member.fget for member in vars(kind).values() if isinstance(member, property)
    ]
    return tuple(
        getter._pulumi_name
        for getter in getters
        if getter.__annotations__["return"] == pulumi.Output[str]
    )
