"""The stand-in `digitalocean` plugin, served by the SDK's own plugin server.

Run by `bin/pulumi-resource-digitalocean`: the engine passes its address and reads a port.
"""

import asyncio
import importlib.metadata
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import main
from pulumi.runtime.rpc import UNKNOWN

from rehearsal import CLOUD_VARIABLE, SPEED_VARIABLE, TOKEN, TOKEN_VARIABLES, cloud
from rehearsal.cloud import Refused
from rehearsal.property_values import plain, revive
from rehearsal.sdk import resource_type
from rehearsal.table import DELETE_NEEDS_PRESENCE, NO_IMPORTER, OVERWRITES, SLOW
from rehearsal.validation import diff, in_use, input_failures, refusals

GET_CA = "digitalocean:index/getDatabaseCa:getDatabaseCa"
CA_CERTIFICATE = """-----BEGIN CERTIFICATE-----
cmVoZWFyc2FsOiB0aGlzIG9ubHkgbG9va3MgbGlrZSBhIGNlcnRpZmljYXRlICAg
-----END CERTIFICATE-----
"""


class RepeatedRequest(Refused):
    """The answer is lost, and the provider's client sends the request a second time."""


class StandIn(rpc.Provider):
    """Simulates every type of the installed SDK in one file; a preview never writes it."""

    @property
    def cloud(self) -> Path:
        """The JSON file of the simulated cloud. Raises `Refused` if the variable is not set."""
        if path := os.environ.get(CLOUD_VARIABLE):
            return Path(path)
        raise Refused(f"{CLOUD_VARIABLE} is not set; see `python -m rehearsal env`")

    async def configure(self, request: rpc.ConfigureRequest) -> rpc.ConfigureResponse:
        """Accept secrets and previews. Raises `Refused` for any token but `rehearsal`."""
        tokens = {name: os.environ.get(name) for name in TOKEN_VARIABLES}
        configured = plain(request.args).get("token")
        tokens["digitalocean:token"] = configured if configured != UNKNOWN else None
        wrong = [name for name, token in tokens.items() if token and token != TOKEN]
        if wrong or not any(tokens.values()):
            raise Refused(
                f"this is the rehearsal's stand-in, and the token is not {TOKEN!r} "
                f"({', '.join(wrong) or 'none is set'}); it never answers for a real account. Set"
                " the variables that `python -m rehearsal env` prints, or take rehearsal/bin off "
                "PATH"
            )
        cloud.faults()
        return rpc.ConfigureResponse(accept_secrets=True, supports_preview=bool(self.cloud))

    async def check(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """Refuse inputs that do not fit the SDK's types, or that would be refused later."""
        try:
            failures = input_failures(resource_type(request.type), plain(request.new_inputs))
        except LookupError as error:
            failures = [rpc.CheckFailure("", str(error))]
        return rpc.CheckResponse(request.new_inputs, failures)

    async def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """Compare the state with the new inputs."""
        old, new = plain(request.old_state), plain(request.new_inputs)
        return diff(resource_type(request.type), old, new, request.ignore_changes)

    @asynccontextmanager
    async def _operation(
        self, op: str, urn: str, wait: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the cloud's content; inject the fault that is due, wait, and log the operation."""
        _, _, token, name = urn.split("::", 3)
        kind, speed = resource_type(token).name, float(os.environ.get(SPEED_VARIABLE) or 0)
        start, ok, fault = time.time(), False, cloud.fault_due(self.cloud, op, kind, name)
        try:
            if fault == "refuse":
                raise Refused(f"503 Service Unavailable: {op} of {kind} {name!r}")
            if op == "read":
                yield cloud.load(self.cloud)
            elif fault != "timeout":
                with cloud.edit(self.cloud) as content:
                    yield content
            ok = not fault
            if fault != "die":
                await asyncio.sleep(cloud.row(kind).ready / speed if wait and speed else 0)
            if fault in ("timeout", "lost", "repeat"):
                error = RepeatedRequest if fault == "repeat" else Refused
                raise error(f"timeout while waiting for the answer to {op} {kind} {name!r}")
        finally:
            line = {"op": op, "type": kind, "name": name, "urn": urn, "start": start}
            cloud.append_log(self.cloud, {**line, "end": time.time(), "ok": ok})
            if fault == "die":
                os._exit(1)

    async def create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        """Create a resource; in a preview, only mark the outputs that are known later."""
        kind, inputs = resource_type(request.type), request.properties
        if request.preview:
            later = dict.fromkeys(kind.outputs.keys() - inputs.keys(), PropertyValue(UNKNOWN))
            return rpc.CreateResponse(
                properties=cloud.with_secrets_marked(kind, {**inputs, **later})
            )
        try:
            return await self._create(request)
        except RepeatedRequest:
            return await self._create(request)

    async def _create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        kind, inputs = resource_type(request.type), request.properties
        async with self._operation("create", request.urn, wait=True) as content:
            name = cloud.fill_template(cloud.row(kind.name).unique, "", inputs)
            for key, other in content["resources"].items():
                if name and key.startswith(f"{kind.name}/") and other["name"] == name:
                    raise Refused(f"422 Unprocessable: {kind.name} {name!r} already exists")
            count = content["made"][request.urn] = content["made"].get(request.urn, 0) + 1
            identity = cloud.fill_template(
                cloud.row(kind.name).id, f"{request.urn}#{count}", inputs
            )
            for problem in refusals(content, kind.name, identity, plain(inputs), {}):
                raise Refused(problem)
            if kind.name in OVERWRITES:  # it replaces the one that exists
                template = cloud.row(kind.name).import_id
                existing = cloud.fill_template(template, identity, inputs, id=identity)
                content["resources"].pop(cloud.find_key(content, kind.name, value=existing), None)
            if kind.name == "Domain" and identity not in content["delegated"]:
                content["delegated"].append(identity)
            return rpc.CreateResponse(identity, cloud.store(content, kind, identity, inputs))

    async def update(self, request: rpc.UpdateRequest) -> rpc.UpdateResponse:
        """Change a resource; inputs that the API had filled in stay as they were."""
        kind, identity = resource_type(request.type), request.resource_id
        own = {n: value for n, value in request.olds.items() if cloud.is_computed(kind, n)}
        if request.preview:
            stable = {n: v for n, v in request.olds.items() if n not in kind.inputs}
            return rpc.UpdateResponse(
                cloud.with_secrets_marked(kind, {**own, **stable, **request.news})
            )
        old, new = plain(request.olds), plain(request.news)
        slow = any(new.get(name) != old.get(name) for name in SLOW)
        async with self._operation("update", request.urn, wait=slow) as content:
            key = cloud.find_key(content, kind.name, value=identity)
            if not key:
                raise Refused(f"404 Not Found: {kind.name} {identity!r}")
            for problem in refusals(content, kind.name, identity, new, old):
                raise Refused(problem)
            inputs = {n: value for n, value in own.items() if n in kind.inputs} | {**request.news}
            live: dict[str, Any] = content["resources"][key]["state"]
            state = cloud.store(content, kind, identity, inputs)
            # Of inputs that no read returns, only changes are sent: the others stay as they are.
            unsent = {n for n in cloud.row(kind.name).unread.split() if new.get(n) == old.get(n)}
            content["resources"][key]["state"] |= {n: live[n] for n in unsent & live.keys()}
            return rpc.UpdateResponse(state)

    async def delete(self, request: rpc.DeleteRequest) -> None:
        """Delete a resource from the file; of some types, a missing one is an error."""
        kind = resource_type(request.type).name
        async with self._operation("delete", request.urn) as content:
            if problem := in_use(content, kind, request.resource_id):
                raise Refused(problem)
            key = cloud.find_key(content, kind, value=request.resource_id)
            if not key and kind in DELETE_NEEDS_PRESENCE:
                raise Refused(f"404 Not Found: {kind} {request.resource_id!r}")
            deleted = content["resources"].pop(key, None)
            if deleted and kind == "DatabaseFirewall":  # the cluster is open to everyone again
                content["resources"][f"DatabaseCluster/{deleted['import_id']}"] |= {"open": True}

    async def read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        """Return the live state, for a refresh or an import; without an id if it is missing."""
        kind, last = resource_type(request.type), request.properties
        async with self._operation("read", request.urn) as content:
            if kind.name in NO_IMPORTER and not last:
                raise Refused(f"a {kind.name} has no importer")
        key = cloud.find_key(content, kind.name, value=request.resource_id)
        if not key:
            return rpc.ReadResponse()
        live: dict[str, Any] = content["resources"][key]["state"]
        cloud.drop_unread(content, kind.name, live, plain(last, hide=True))
        state = {name: revive(each, last.get(name)) for name, each in live.items()}
        names = {*(request.inputs or kind.inputs)} & {*state}
        inputs = {name: state[name] for name in names}
        return rpc.ReadResponse(
            key.partition("/")[2], cloud.with_secrets_marked(kind, state), inputs
        )

    async def invoke(self, request: rpc.InvokeRequest) -> rpc.InvokeResponse:
        """Answer the one look-up that is simulated: the CA certificate of a cluster."""
        if request.tok != GET_CA:
            reason = f"the rehearsal does not simulate the look-up {request.tok}, only {GET_CA}"
            return rpc.InvokeResponse(failures=[rpc.CheckFailure("", reason)])
        cluster, certificate = request.args["clusterId"], PropertyValue(CA_CERTIFICATE)
        return rpc.InvokeResponse({"id": cluster, "clusterId": cluster, "certificate": certificate})


if __name__ == "__main__":
    main(sys.argv[1:], importlib.metadata.version("pulumi_digitalocean"), StandIn())
