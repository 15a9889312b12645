"""The live DigitalOcean account and its Spaces, through DigitalOcean's own clients. Reads only.

Where the stand-in plays the provider, the account is the rehearsal's cloud, never a real one.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import rehearsal
from ops.account.lists import LISTS, List
from ops.cli.errors import UsageError
from ops.engine import plugin

if TYPE_CHECKING:  # the clients cost a second to import, and few commands ask the account
    import pydo

Environ = Mapping[str, str]
SPACES_KEYS = ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")
# The variables of the provider, and its defaults.
API_URL = ("DIGITALOCEAN_API_URL", "https://api.digitalocean.com")
SPACES_URL = ("SPACES_ENDPOINT_URL", "https://{{.Region}}.digitaloceanspaces.com")
RETRIES = ("DIGITALOCEAN_HTTP_RETRY_MAX", "4")
PAGE = 200  # the most that a page may hold


class NoAccessError(UsageError):
    """A token, a key or a package is missing; the text says which, and what it is for."""


class RefusedError(UsageError):
    """The account refused. `status` is the HTTP status; None where there was no answer."""

    def __init__(self, text: str, status: int | None) -> None:
        super().__init__(text)
        self.status = status


class Account:
    """A snapshot of the account: each list is asked for once and then kept. Reads only."""

    def __init__(self, api: pydo.Client, environ: Environ) -> None:
        self._api = api
        self._environ = environ
        self._answers: dict[tuple[Any, ...], Future[list[Any]]] = {}
        self._lock = Lock()

    def read(self, name: str, *ids: object) -> list[Any]:
        """Return every item of one of LISTS; `ids` are of what it belongs to, such as a cluster.

        Raises RefusedError. Several threads may ask at the same time.
        """
        with self._lock:
            first = (name, *ids) not in self._answers
            future = self._answers.setdefault((name, *ids), Future())
        if first:
            try:
                with refusals():
                    future.set_result(list(self._pages(LISTS[name], *ids)))
            except Exception as error:
                future.set_exception(error)
        return future.result()

    def details(self) -> Mapping[str, Any]:
        """Return the account's own status and limits. Raises RefusedError."""
        with refusals():
            details: Mapping[str, Any] = _content(self._api.account.get(), "account")
            return details

    def spaces(self, region: str) -> Any:
        """Return the S3 client of a region. Raises NoAccessError without a Spaces key."""
        return spaces(self._environ, region)

    def _pages(self, what: List, *ids: object) -> Iterator[Any]:
        method = getattr(getattr(self._api, what.group), what.method)
        # A method without these parameters sends them all the same as `params`.
        takes_page = "per_page" in inspect.signature(method).parameters
        page = 1
        while page:
            query = {"per_page": PAGE, "page": page}
            answer = method(*ids, **query) if takes_page else method(*ids, params=query)
            # Some empty lists come without their envelope; a 404 always has a message.
            if what.envelope in answer or "message" in answer:
                yield from _content(answer, what.envelope) or ()
            pages = (answer.get("links") or {}).get("pages") or {}
            page = page + 1 if pages.get("next") else 0


@contextmanager
def visit(environ: Environ) -> Iterator[Account]:
    """Open the account that `environ` has credentials for.

    Raises RefusedError for what it refuses in the meantime, and NoAccessError without a token,
    or in a rehearsal without the packages that serve its cloud.
    """
    stand_in = plugin.answering(environ) == plugin.STAND_IN
    with _rehearsed(environ) if stand_in else nullcontext(environ) as chosen:
        client = _client(chosen)
        with refusals():
            yield Account(client, chosen)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the errors of both clients into RefusedError."""
    from azure.core.exceptions import AzureError, HttpResponseError
    from botocore.exceptions import (  # type: ignore[import-untyped]
        BotoCoreError,
        ClientError,
    )

    try:
        yield
    except HttpResponseError as error:
        text = f"DigitalOcean refused: {_status(error)}"
        raise RefusedError(text, error.status_code) from None
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        cause = "{Code}: {Message}".format(**error.response["Error"])
        text = f"Spaces refused {error.operation_name}: {status} {cause}"
        raise RefusedError(text, status) from None
    except (AzureError, BotoCoreError) as error:
        raise RefusedError(f"DigitalOcean did not answer: {error}", None) from None


def spaces(environ: Environ, region: str) -> Any:
    """Return the S3 client of a region, which needs no token.

    Raises NoAccessError without a Spaces key.
    """
    if missing := [name for name in SPACES_KEYS if not environ.get(name)]:
        raise NoAccessError(
            f"{' and '.join(missing)} not set: the account's token does not open"
            " buckets. Set both to a full-access Spaces key and its secret"
        )
    identity, secret = (environ[name] for name in SPACES_KEYS)
    return s3(environ, spaces_url(environ, region), identity, secret)


def s3(
    environ: Environ, url: str | None, identity: str, secret: str, region: str = "us-east-1"
) -> Any:
    """Return the S3 client of an endpoint. Spaces wants `us-east-1` signed, wherever it is."""
    import boto3  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    return boto3.client(
        "s3",
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=identity,
        aws_secret_access_key=secret,
        config=Config(
            s3={"addressing_style": "path"},
            retries={"max_attempts": _retries(environ)},
            # The newer checksums are Amazon's own, and others refuse them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def spaces_url(environ: Environ, region: str) -> str:
    """Return the endpoint of a region's buckets. The variable is a template, as for the provider.

    Raises UsageError where it is no URL with `{{.Region}}` in it.
    """
    name, default = SPACES_URL
    template = environ.get(name) or default
    url = template.replace("{{.Region}}", region)
    if url == template or not url.startswith(("https://", "http://")):
        raise UsageError(f"{name} is {template!r}: allowed is a URL like {default}")
    return url


def _content(answer: Mapping[str, Any], key: str) -> Any:
    """Take the envelope off. Raises RefusedError for a 404: the client returns it as an answer."""
    if key not in answer:
        raise RefusedError(f"DigitalOcean refused: 404 {answer.get('message', answer)}", 404)
    return answer[key]


def _client(environ: Environ) -> pydo.Client:
    """Make the client. Raises UsageError where the endpoint is no URL."""
    import pydo
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    token = next((environ[name] for name in rehearsal.TOKEN_VARIABLES if environ.get(name)), None)
    if not token:
        raise NoAccessError(
            f"{rehearsal.TOKEN_VARIABLES[0]} is not set: reading the account needs its token."
            " A token with read scope is enough"
        )
    name, default = API_URL
    url = environ.get(name) or default
    if not url.startswith(("https://", "http://")):
        raise UsageError(f"{name} is {url!r}: allowed is a URL like {default}")
    # Without TLS the client would stop at its token; none is sent there.
    policy = SansIOHTTPPolicy[Any, Any]() if url.startswith("http:") else None
    retries = _retries(environ)
    return pydo.Client(token, endpoint=url, retry_total=retries, authentication_policy=policy)


def _retries(environ: Environ) -> int:
    name, default = RETRIES
    text = environ.get(name) or default
    if not text.isdecimal():
        raise UsageError(f"{name} is {text!r}: allowed is a whole number")
    return int(text)


@contextmanager
def _rehearsed(environ: Environ) -> Iterator[Environ]:
    """Serve the rehearsal's cloud, and yield an environment that leads there and nowhere else."""
    if not (cloud := environ.get(rehearsal.CLOUD_VARIABLE)):
        raise NoAccessError(
            f"{rehearsal.CLOUD_VARIABLE} is not set: it names the file of the rehearsal's cloud."
            " Set what `python -m rehearsal env` prints"
        )
    try:
        from rehearsal.api import client_variables, serving
    except ModuleNotFoundError as error:
        raise NoAccessError(
            f"serving the rehearsal's cloud needs {error.name}, which is not installed: install"
            " requirements-dev.txt"
        ) from None
    word = dict.fromkeys((*rehearsal.TOKEN_VARIABLES, *SPACES_KEYS), rehearsal.TOKEN)
    with serving(Path(cloud)) as url:
        yield {**environ, **word, **client_variables(url)}


def _status(error: Any) -> str:
    """Return the status of a refusal and the API's message."""
    try:
        message = json.loads(error.response.text())["message"]
    except (AttributeError, KeyError, TypeError, ValueError):
        message = error.reason
    return f"{error.status_code} {message}"
