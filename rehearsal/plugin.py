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
from rehearsal.judge import check, diff, full, refusals
from rehearsal.sdk import resource_type
from rehearsal.table import GONE_IS_REFUSED, NO_IMPORTER, PUTS, SLOW
from rehearsal.values import plain, revive

GET_CA = "digitalocean:index/getDatabaseCa:getDatabaseCa"
CA_CERTIFICATE = """-----BEGIN CERTIFICATE-----
cmVoZWFyc2FsOiB0aGlzIG9ubHkgbG9va3MgbGlrZSBhIGNlcnRpZmljYXRlICAg
-----END CERTIFICATE-----
"""


class AskedAgain(Refused):
    """The answer was lost on its way, and the provider's client asks a second time."""


class Rehearsal(rpc.Provider):
    """Every type of the installed SDK, played against one file; a preview never writes it."""

    @property
    def cloud(self) -> Path:
        """The file that stands for the cloud. Raises `Refused` where none is named."""
        if path := os.environ.get(CLOUD_VARIABLE):
            return Path(path)
        raise Refused(f"{CLOUD_VARIABLE} is not set; see `python -m rehearsal env`")

    async def configure(self, request: rpc.ConfigureRequest) -> rpc.ConfigureResponse:
        """Accept secrets and previews. Raises `Refused` for any token but the one word."""
        tokens = {name: os.environ.get(name) for name in TOKEN_VARIABLES}
        given = plain(request.args).get("token")
        tokens["digitalocean:token"] = given if given != UNKNOWN else None
        wrong = [name for name, token in tokens.items() if token and token != TOKEN]
        if wrong or not any(tokens.values()):
            raise Refused(
                f"this is the rehearsal's stand-in and the token is not the word {TOKEN!r} "
                f"({', '.join(wrong) or 'none is set'}); it never answers for a real account. Set "
                "what `python -m rehearsal env` prints, or take rehearsal/bin off PATH"
            )
        cloud.faults()
        return rpc.ConfigureResponse(accept_secrets=True, supports_preview=bool(self.cloud))

    async def check(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """Refuse what does not fit the SDK's shapes, or is known to be refused later."""
        try:
            found = check(resource_type(request.type), plain(request.new_inputs))
        except LookupError as error:
            found = [rpc.CheckFailure("", str(error))]
        return rpc.CheckResponse(request.new_inputs, found)

    async def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """Compare the state with the new inputs."""
        old, new = plain(request.old_state), plain(request.new_inputs)
        return diff(resource_type(request.type), old, new, request.ignore_changes)

    @asynccontextmanager
    async def _operation(
        self, op: str, urn: str, wait: bool = False
    ) -> AsyncIterator[dict[str, Any]]:
        """Lend the cloud's content; around that: the fault that is due, the wait and the log."""
        _, _, token, name = urn.split("::", 3)
        kind, speed = resource_type(token).name, float(os.environ.get(SPEED_VARIABLE) or 0)
        start, ok, fault = time.time(), False, cloud.due(self.cloud, op, kind, name)
        try:
            if fault == "refuse":
                raise Refused(f"503 Service Unavailable: {op} of {kind} {name!r}")
            if op == "read":
                yield cloud.look(self.cloud)
            elif fault != "timeout":
                with cloud.change(self.cloud) as content:
                    yield content
            ok = not fault
            if fault != "die":
                await asyncio.sleep(cloud.row(kind).ready / speed if wait and speed else 0)
            if fault in ("timeout", "lost", "repeat"):
                error = AskedAgain if fault == "repeat" else Refused
                raise error(f"timeout while waiting for the answer to {op} {kind} {name!r}")
        finally:
            line = {"op": op, "type": kind, "name": name, "urn": urn, "start": start}
            cloud.log(self.cloud, {**line, "end": time.time(), "ok": ok})
            if fault == "die":
                os._exit(1)

    async def create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        """Make a resource up; in a preview, only say which outputs will be known later."""
        kind, inputs = resource_type(request.type), request.properties
        if request.preview:
            later = dict.fromkeys(kind.outputs.keys() - inputs.keys(), PropertyValue(UNKNOWN))
            return rpc.CreateResponse(properties=cloud.guarded(kind, {**inputs, **later}))
        try:
            return await self._make(request)
        except AskedAgain:
            return await self._make(request)

    async def _make(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        kind, inputs = resource_type(request.type), request.properties
        async with self._operation("create", request.urn, wait=True) as content:
            name = cloud.fill(cloud.row(kind.name).unique, "", inputs)
            for key, other in content["resources"].items():
                if name and key.startswith(f"{kind.name}/") and other["name"] == name:
                    raise Refused(f"422 Unprocessable: {kind.name} {name!r} already exists")
            count = content["made"][request.urn] = content["made"].get(request.urn, 0) + 1
            identity = cloud.fill(cloud.row(kind.name).id, f"{request.urn}#{count}", inputs)
            for problem in refusals(content, kind.name, identity, plain(inputs), {}):
                raise Refused(problem)
            if kind.name in PUTS:  # what stood there is written over
                there = cloud.fill(cloud.row(kind.name).import_id, identity, inputs, id=identity)
                content["resources"].pop(cloud.find(content, kind.name, wanted=there), None)
            if kind.name == "Domain" and identity not in content["delegated"]:
                content["delegated"].append(identity)
            return rpc.CreateResponse(identity, cloud.store(content, kind, identity, inputs))

    async def update(self, request: rpc.UpdateRequest) -> rpc.UpdateResponse:
        """Change a resource; what the far end had filled in stays as it was."""
        kind, identity = resource_type(request.type), request.resource_id
        own = {n: value for n, value in request.olds.items() if cloud.filled_in(kind, n)}
        if request.preview:
            stable = {n: v for n, v in request.olds.items() if n not in kind.inputs}
            return rpc.UpdateResponse(cloud.guarded(kind, {**own, **stable, **request.news}))
        old, new = plain(request.olds), plain(request.news)
        slow = any(new.get(name) != old.get(name) for name in SLOW)
        async with self._operation("update", request.urn, wait=slow) as content:
            key = cloud.find(content, kind.name, wanted=identity)
            if not key:
                raise Refused(f"404 Not Found: {kind.name} {identity!r}")
            for problem in refusals(content, kind.name, identity, new, old):
                raise Refused(problem)
            inputs = {n: value for n, value in own.items() if n in kind.inputs} | {**request.news}
            live: dict[str, Any] = content["resources"][key]["state"]
            state = cloud.store(content, kind, identity, inputs)
            # Of what no read brings back only a change is sent: the rest stays as it is live.
            kept = {n for n in cloud.row(kind.name).unread.split() if new.get(n) == old.get(n)}
            content["resources"][key]["state"] |= {n: live[n] for n in kept & live.keys()}
            return rpc.UpdateResponse(state)

    async def delete(self, request: rpc.DeleteRequest) -> None:
        """Take a resource out of the file; of some types, one that is gone already is an error."""
        kind = resource_type(request.type).name
        async with self._operation("delete", request.urn) as content:
            if problem := full(content, kind, request.resource_id):
                raise Refused(problem)
            key = cloud.find(content, kind, wanted=request.resource_id)
            if not key and kind in GONE_IS_REFUSED:
                raise Refused(f"404 Not Found: {kind} {request.resource_id!r}")
            gone = content["resources"].pop(key, None)
            if gone and kind == "DatabaseFirewall":  # the cluster lets anybody in
                content["resources"][f"DatabaseCluster/{gone['import_id']}"] |= {"open": True}

    async def read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        """Tell what the file holds, for a refresh or an import; no id means that it is gone."""
        kind, last = resource_type(request.type), request.properties
        async with self._operation("read", request.urn) as content:
            if kind.name in NO_IMPORTER and not last:
                raise Refused(f"a {kind.name} has no importer")
        key = cloud.find(content, kind.name, wanted=request.resource_id)
        if not key:
            return rpc.ReadResponse()
        held: dict[str, Any] = content["resources"][key]["state"]
        cloud.forget(content, kind.name, held, plain(last, hide=True))
        state = {name: revive(each, last.get(name)) for name, each in held.items()}
        wanted = {*(request.inputs or kind.inputs)} & {*state}
        inputs = {name: state[name] for name in wanted}
        return rpc.ReadResponse(key.partition("/")[2], cloud.guarded(kind, state), inputs)

    async def invoke(self, request: rpc.InvokeRequest) -> rpc.InvokeResponse:
        """Answer the one look-up that is played: the CA certificate of a cluster."""
        if request.tok != GET_CA:
            reason = f"the rehearsal plays no look-up {request.tok}, only {GET_CA}"
            return rpc.InvokeResponse(failures=[rpc.CheckFailure("", reason)])
        cluster, certificate = request.args["clusterId"], PropertyValue(CA_CERTIFICATE)
        return rpc.InvokeResponse({"id": cluster, "clusterId": cluster, "certificate": certificate})


if __name__ == "__main__":
    main(sys.argv[1:], importlib.metadata.version("pulumi_digitalocean"), Rehearsal())
