"""The stand-in `digitalocean` plugin, served by the SDK's own plugin server.

Run by `bin/pulumi-resource-digitalocean`: the engine passes its address and reads a port.
"""

import importlib.metadata
import os
import sys
from pathlib import Path
from typing import Any

from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import main
from pulumi.runtime.rpc import UNKNOWN

from rehearsal import CLOUD_VARIABLE, TOKEN, TOKEN_VARIABLES
from rehearsal.cloud import Refused, answers, change, fill, guarded, look, row
from rehearsal.judge import check, diff, filled_in
from rehearsal.sdk import ResourceType, resource_type
from rehearsal.values import Properties, is_unknown, plain, revive, seal

GET_CA = "digitalocean:index/getDatabaseCa:getDatabaseCa"
CA_CERTIFICATE = """-----BEGIN CERTIFICATE-----
cmVoZWFyc2FsOiB0aGlzIG9ubHkgbG9va3MgbGlrZSBhIGNlcnRpZmljYXRlICAg
-----END CERTIFICATE-----
"""


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
        if (given := request.args.get("token")) and not is_unknown(given):
            tokens["digitalocean:token"] = str(given.value)
        wrong = [name for name, token in tokens.items() if token and token != TOKEN]
        if wrong or not any(tokens.values()):
            raise Refused(
                f"this is the rehearsal's stand-in and the token is not the word {TOKEN!r} "
                f"({', '.join(wrong) or 'none is set'}); it never answers for a real account. Set "
                "what `python -m rehearsal env` prints, or take rehearsal/bin off PATH"
            )
        return rpc.ConfigureResponse(accept_secrets=True, supports_preview=bool(self.cloud))

    async def check(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """Refuse what does not fit the SDK's shapes, or is known to be refused later."""
        try:
            found = check(resource_type(request.type), request.new_inputs)
        except LookupError as error:
            found = [rpc.CheckFailure("", str(error))]
        return rpc.CheckResponse(request.new_inputs, found)

    async def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """Compare the state with the new inputs."""
        kind = resource_type(request.type)
        return diff(kind, request.old_state, request.new_inputs, request.ignore_changes)

    async def create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        """Make a resource up; in a preview, only say which outputs will be known later."""
        kind, inputs = resource_type(request.type), request.properties
        if request.preview:
            later = dict.fromkeys(kind.outputs.keys() - inputs.keys(), PropertyValue(UNKNOWN))
            return rpc.CreateResponse(properties=guarded(kind, {**inputs, **later}))
        with change(self.cloud) as content:
            name = fill(row(kind).unique, "", inputs)
            for key, other in content["resources"].items():
                if name and key.startswith(f"{kind.name}/") and other["name"] == name:
                    raise Refused(f"422 Unprocessable: {kind.name} {name!r} already exists")
            count = content["made"][request.urn] = content["made"].get(request.urn, 0) + 1
            identity = fill(row(kind).id, f"{request.urn}#{count}", inputs)
            return rpc.CreateResponse(identity, _store(content, kind, identity, inputs))

    async def update(self, request: rpc.UpdateRequest) -> rpc.UpdateResponse:
        """Change a resource; what the far end had filled in stays as it was."""
        kind, identity = resource_type(request.type), request.resource_id
        own = {name: value for name, value in request.olds.items() if filled_in(kind, name)}
        if request.preview:
            stable = {n: v for n, v in request.olds.items() if n not in kind.inputs.fields}
            return rpc.UpdateResponse(guarded(kind, {**own, **stable, **request.news}))
        with change(self.cloud) as content:
            if not _find(content, kind, identity):
                raise Refused(f"404 Not Found: {kind.name} {identity!r}")
            own = {name: value for name, value in own.items() if name in kind.inputs.fields}
            return rpc.UpdateResponse(_store(content, kind, identity, {**own, **request.news}))

    async def delete(self, request: rpc.DeleteRequest) -> None:
        """Take a resource out of the file; one that is gone already is no error."""
        with change(self.cloud) as content:
            key = _find(content, resource_type(request.type), request.resource_id)
            content["resources"].pop(key, None)

    async def read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        """Tell what the file holds, for a refresh or an import; no id means that it is gone."""
        kind, content = resource_type(request.type), look(self.cloud)
        key = _find(content, kind, request.resource_id)
        if not key:
            return rpc.ReadResponse()
        held = content["resources"][key]["state"]
        state = {name: revive(each, request.properties.get(name)) for name, each in held.items()}
        wanted = (request.inputs or kind.inputs.fields).keys() & state.keys()
        inputs = {name: state[name] for name in wanted}
        return rpc.ReadResponse(key.partition("/")[2], guarded(kind, state), inputs)

    async def invoke(self, request: rpc.InvokeRequest) -> rpc.InvokeResponse:
        """Answer the one look-up that is played: the CA certificate of a cluster."""
        if request.tok != GET_CA:
            reason = f"the rehearsal plays no look-up {request.tok}, only {GET_CA}"
            return rpc.InvokeResponse(failures=[rpc.CheckFailure("", reason)])
        cluster, certificate = request.args["clusterId"], PropertyValue(CA_CERTIFICATE)
        return rpc.InvokeResponse({"id": cluster, "clusterId": cluster, "certificate": certificate})


def _find(content: dict[str, Any], kind: ResourceType, wanted: str) -> str:
    """Return the key of a resource, by its id or by what an import takes; nothing if it is gone."""
    for key, record in content["resources"].items():
        name, _, identity = key.partition("/")
        if name == kind.name and wanted in (identity, record["import_id"]):
            return str(key)
    return ""


def _store(
    content: dict[str, Any], kind: ResourceType, identity: str, inputs: Properties
) -> dict[str, PropertyValue]:
    """Write one resource, its secret inputs hidden, and return the state the engine keeps."""
    if kind.name == "App":
        inputs = {name: seal(value, identity) for name, value in inputs.items()}
    state = answers(kind, identity, inputs)
    content["resources"][f"{kind.name}/{identity}"] = {
        "name": fill(row(kind).unique, identity, state),
        "import_id": fill(row(kind).import_id, identity, state, id=identity),
        "state": {name: plain(value, hide=True) for name, value in state.items()},
    }
    return guarded(kind, state)


if __name__ == "__main__":
    main(sys.argv[1:], importlib.metadata.version("pulumi_digitalocean"), Rehearsal())
