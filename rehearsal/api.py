"""The cloud of a rehearsal over HTTP, read only, in the form of DigitalOcean's API.

Commands that read an account (adopt, drift, verify) can be rehearsed with it.
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
from rehearsal.cloud import load
from rehearsal.views import ACCOUNT, COLLECTIONS, NESTED, Item, made_up_id

ADDRESS = "127.0.0.1"
ERRORS = {404: "not_found", 405: "method_not_allowed", 422: "unprocessable_entity"}
_PATH = re.compile(rf"({'|'.join(COLLECTIONS)})(?:/([^/]+))?(?:/([^/]+))?")


def application(cloud: Path) -> Starlette:
    """Return the read-only API of a cloud's file, which is read again for each request."""

    def answer(request: Request) -> JSONResponse:
        content, path = load(cloud), _PATH.fullmatch(request.path_params["path"])
        if request.path_params["path"] == "account":
            return JSONResponse({"account": ACCOUNT | content.get("account", {})})
        name, identity, nested = path.groups() if path else ("", "", "")
        items = COLLECTIONS[name].items(content) if name else []
        if identity:
            key = COLLECTIONS[name].key
            items = [item for item in items if str(item[key]) == identity]
        if name and not identity:
            return _page(request, COLLECTIONS[name].plural, items)
        if items and not nested:
            return JSONResponse({COLLECTIONS[name].single: items[0]})
        if items and f"{name}/{nested}" in NESTED:
            envelope, elements = NESTED[f"{name}/{nested}"]
            zone = identity if nested == "records" else ""
            return _page(request, envelope, elements(content, str(identity)), zone)
        raise HTTPException(404, "The resource you were accessing could not be found.")

    routes = [
        Route("/v2/{path:path}", answer, methods=["GET"]),
        Mount("/spaces", spaces.application(cloud)),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _refusal})


def _page(request: Request, envelope: str, items: list[Item], zone: str = "") -> JSONResponse:
    """Return one page of a list, filtered by the query; `zone` is set for a list of DNS records."""
    query = request.query_params
    if tag := query.get("tag_name"):
        items = [item for item in items if tag in item.get("tags", [])]
    if name := query.get("name"):
        items = [item for item in items if _full_name(item, zone) == name]
    if zone and (kind := query.get("type")):
        items = [item for item in items if item["type"] == kind]
    try:
        page, size = int(query.get("page", 1)), int(query.get("per_page", 20))
    except ValueError:
        page = size = 0
    if page < 1 or not 1 <= size <= 200:
        raise HTTPException(422, "page begins at 1, and per_page is one of 1 to 200")
    last = max(1, -(-len(items) // size))
    numbers = {"first": 1, "prev": page - 1} if page > 1 else {}
    numbers |= {"next": page + 1, "last": last} if page < last else {}
    url = request.url
    pages = {name: str(url.include_query_params(page=number)) for name, number in numbers.items()}
    shown = items[(page - 1) * size : page * size]
    links = {"pages": pages} if pages else {}
    return JSONResponse({envelope: shown, "links": links, "meta": {"total": len(items)}})


def _full_name(item: Item, zone: str) -> str | None:
    """Return the name that a query's `name` is compared with: of a DNS record the full name."""
    name: str | None = item.get("name")
    return name if not zone else zone if name == "@" else f"{name}.{zone}"


def _refusal(request: Request, error: Exception) -> JSONResponse:
    """Return an error in the API's form."""
    status, text = getattr(error, "status_code", 500), getattr(error, "detail", "")
    request_id = made_up_id(request.method, request.url.path)
    error_id = ERRORS.get(status, "server_error")
    return JSONResponse({"id": error_id, "message": text, "request_id": request_id}, status)


def client_variables(url: str) -> dict[str, str]:
    """Return the variables that lead DigitalOcean's clients to the API that `url` serves."""
    return {"DIGITALOCEAN_API_URL": url, "SPACES_ENDPOINT_URL": f"{url}/spaces/{{{{.Region}}}}"}


def serve(cloud: Path, port: int) -> None:
    """Print the URL and the variables to export, then serve until stopped."""
    with socket.create_server((ADDRESS, port)) as listener:
        url = f"http://{ADDRESS}:{listener.getsockname()[1]}"
        print(f"{url} shows the rehearsal cloud, the file {str(cloud)!r}", flush=True)  # noqa: T201
        for name, value in client_variables(url).items():
            print(f"export {name}={shlex.quote(value)}", flush=True)  # noqa: T201
        _server(application(cloud)).run(sockets=[listener])


@contextmanager
def serving(cloud: Path) -> Iterator[str]:
    """Serve on this machine alone, from a thread, until the context ends. Yields the URL."""
    with running(application(cloud)) as port:
        yield f"http://{ADDRESS}:{port}"


@contextmanager
def running(app: Starlette, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve on this machine alone, from a thread, until the context ends. Yields the port."""
    with socket.create_server((ADDRESS, 0)) as listener:
        server = _server(app, tls)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            # A request before the server runs waits in the listener's queue.
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def _server(app: Starlette, tls: ssl.SSLContext | None = None) -> uvicorn.Server:
    factory = (lambda *_: tls) if tls else None
    settings = uvicorn.Config(
        app, log_level="warning", access_log=False, ssl_context_factory=factory
    )
    return uvicorn.Server(settings)
