"""The cloud of a rehearsal over HTTP, in the form of DigitalOcean's API: it can only be read.

So that what looks at an account (inventories, look-ups by name, drift) can be rehearsed, too.
"""

import re
import shlex
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from rehearsal import spaces
from rehearsal.cloud import look
from rehearsal.views import ACCOUNT, BELOW, COLLECTIONS, Item, number

ADDRESS = "127.0.0.1"
ERRORS = {404: "not_found", 405: "method_not_allowed", 422: "unprocessable_entity"}
_PATH = re.compile(rf"({'|'.join(COLLECTIONS)})(?:/([^/]+))?(?:/([^/]+))?")


def application(cloud: Path) -> Starlette:
    """Make the view of a cloud's file, which is read anew for each question."""

    def answer(request: Request) -> JSONResponse:
        content, path = look(cloud), _PATH.fullmatch(request.path_params["path"])
        if request.path_params["path"] == "account":
            return JSONResponse({"account": ACCOUNT | content.get("account", {})})
        name, wanted, rest = path.groups() if path else ("", "", "")
        there = COLLECTIONS[name].items(content) if name else []
        if wanted:
            key = COLLECTIONS[name].key
            there = [each for each in there if str(each[key]) == wanted]
        if name and not wanted:
            return _page(request, COLLECTIONS[name].plural, there)
        if there and not rest:
            return JSONResponse({COLLECTIONS[name].single: there[0]})
        if there and f"{name}/{rest}" in BELOW:
            envelope, elements = BELOW[f"{name}/{rest}"]
            zone = wanted if rest == "records" else ""
            return _page(request, envelope, elements(content, str(wanted)), zone)
        raise HTTPException(404, "The resource you were accessing could not be found.")

    routes = [
        Route("/v2/{path:path}", answer, methods=["GET"]),
        Mount("/spaces", spaces.application(cloud)),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refusal})


def _page(request: Request, envelope: str, found: list[Item], zone: str = "") -> JSONResponse:
    """Answer one page of a list, of records those of a zone; the last page names no next one."""
    asked = request.query_params
    if tag := asked.get("tag_name"):
        found = [each for each in found if tag in each.get("tags", [])]
    if name := asked.get("name"):
        found = [each for each in found if _called(each, zone) == name]
    if zone and (kind := asked.get("type")):
        found = [each for each in found if each["type"] == kind]
    try:
        page, size = int(asked.get("page", 1)), int(asked.get("per_page", 20))
    except ValueError:
        page = size = 0
    if page < 1 or not 1 <= size <= 200:
        raise HTTPException(422, "page begins at 1, and per_page is one of 1 to 200")
    last = max(1, -(-len(found) // size))
    near = {"first": 1, "prev": page - 1} if page > 1 else {}
    near |= {"next": page + 1, "last": last} if page < last else {}
    pages = {name: str(request.url.include_query_params(page=each)) for name, each in near.items()}
    shown = found[(page - 1) * size : page * size]
    links = {"pages": pages} if pages else {}
    return JSONResponse({envelope: shown, "links": links, "meta": {"total": len(found)}})


def _called(item: Item, zone: str) -> str | None:
    """Return the name by which a list is asked for an item: of a record the whole name."""
    name: str | None = item.get("name")
    return name if not zone else zone if name == "@" else f"{name}.{zone}"


def _refusal(request: Request, error: Exception) -> JSONResponse:
    """Answer an error in the API's form."""
    status, text = getattr(error, "status_code", 500), getattr(error, "detail", "")
    asked = number(request.method, request.url.path)
    answer = {"id": ERRORS.get(status, "server_error"), "message": text, "request_id": asked}
    return JSONResponse(answer, status)


def doors(url: str) -> dict[str, str]:
    """Return the variables by which DigitalOcean's clients find the view that `url` serves."""
    return {"DIGITALOCEAN_API_URL": url, "SPACES_ENDPOINT_URL": f"{url}/spaces/{{{{.Region}}}}"}


def serve(cloud: Path, port: int) -> None:
    """Print the URL and the cloud on one line and what to export, then serve until stopped."""
    with socket.create_server((ADDRESS, port)) as listener:
        url = f"http://{ADDRESS}:{listener.getsockname()[1]}"
        print(f"{url} shows the rehearsal cloud, the file {str(cloud)!r}", flush=True)  # noqa: T201
        for name, value in doors(url).items():
            print(f"export {name}={shlex.quote(value)}", flush=True)  # noqa: T201
        _server(application(cloud)).run(sockets=[listener])


@contextmanager
def serving(cloud: Path) -> Iterator[str]:
    """Serve on this machine alone meanwhile, from a thread; lends the URL."""
    with running(application(cloud)) as port:
        yield f"http://{ADDRESS}:{port}"


@contextmanager
def running(served: Starlette, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run an application on this machine alone meanwhile, from a thread; lends its port."""
    with socket.create_server((ADDRESS, 0)) as listener:
        server = _server(served, tls)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            # Who asks before the server runs waits in the listener's queue.
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def _server(served: Starlette, tls: ssl.SSLContext | None = None) -> uvicorn.Server:
    factory = (lambda *_: tls) if tls else None
    settings = uvicorn.Config(
        served, log_level="warning", access_log=False, ssl_context_factory=factory
    )
    return uvicorn.Server(settings)
