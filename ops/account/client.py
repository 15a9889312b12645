"""The door to the DigitalOcean account, as it is: through its own clients, and reads only.

Where the stand-in plays the provider, the account is the rehearsal's cloud, never a real one.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rehearsal
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


class NotAtHandError(UsageError):
    """Something that the door needs is missing; the text says what, and what it is for."""


class RefusedError(UsageError):
    """The account said no. `status` is that of its answer; None: nobody answered."""

    def __init__(self, text: str, status: int | None) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Account:
    """The account as it is: `api` is DigitalOcean's client; reads only."""

    api: pydo.Client
    _environ: Environ = field(repr=False)

    def spaces(self, region: str) -> Any:
        """Return the S3 client of a region. Raises NotAtHandError without a Spaces key."""
        return spaces(self._environ, region)

    def all(self, ask: Callable[..., Mapping[str, Any]], key: str, *args: Any) -> list[Any]:
        """Return every page of a list: `all(account.api.droplets.list, "droplets")`."""
        # A method without these parameters sends them all the same as `params`.
        takes_page = "per_page" in inspect.signature(ask).parameters
        found: list[Any] = []
        page = 1
        while page:
            asked = {"per_page": PAGE, "page": page}
            answer = ask(*args, **asked) if takes_page else ask(*args, params=asked)
            # Of nothing some lists leave the envelope out; a 404 always has a message.
            if key in answer or "message" in answer:
                found += _part(answer, key) or []
            pages = (answer.get("links") or {}).get("pages") or {}
            page = page + 1 if pages.get("next") else 0
        return found

    def one(self, ask: Callable[..., Mapping[str, Any]], key: str) -> Any:
        """Return what is no list: `one(account.api.account.get, "account")`."""
        return _part(ask(), key)


@contextmanager
def visit(environ: Environ) -> Iterator[Account]:
    """Open the account that `environ` names; what it refuses meanwhile is a UsageError.

    Raises NotAtHandError without a token, or in a rehearsal without what shows its cloud.
    """
    stand_in = plugin.answering(environ) == plugin.STAND_IN
    with _rehearsed(environ) if stand_in else nullcontext(environ) as chosen:
        client = _client(chosen)
        with words():
            yield Account(client, chosen)


@contextmanager
def words() -> Iterator[None]:
    """Raise what the account refuses meanwhile as a RefusedError."""
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
        said, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        text = f"Spaces refused {error.operation_name}: {status} {said['Code']}: {said['Message']}"
        raise RefusedError(text, status) from None
    except (AzureError, BotoCoreError) as error:
        raise RefusedError(f"DigitalOcean did not answer: {error}", None) from None


def spaces(environ: Environ, region: str) -> Any:
    """Return the S3 client of a region, which needs no token.

    Raises NotAtHandError without a Spaces key.
    """
    if missing := [name for name in SPACES_KEYS if not environ.get(name)]:
        raise NotAtHandError(
            f"{' and '.join(missing)} not set: buckets are not looked at through the account's"
            " token. Set both to a full-access Spaces key and its secret"
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
    """Return the endpoint of a region's buckets; the variable is a template, as for the provider.

    Raises UsageError where it is no URL with a place for the region.
    """
    name, default = SPACES_URL
    template = environ.get(name) or default
    url = template.replace("{{.Region}}", region)
    if url == template or not url.startswith(("https://", "http://")):
        raise UsageError(f"{name} is {template!r}: allowed is a URL like {default}")
    return url


def _part(answer: Mapping[str, Any], key: str) -> Any:
    """Take the envelope off. Raises RefusedError for a 404, which the client hands over as such."""
    if key not in answer:
        raise RefusedError(f"DigitalOcean refused: 404 {answer.get('message', answer)}", 404)
    return answer[key]


def _client(environ: Environ) -> pydo.Client:
    """Make the client. Raises UsageError where the endpoint is no URL."""
    import pydo
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    token = next((environ[name] for name in rehearsal.TOKEN_VARIABLES if environ.get(name)), None)
    if not token:
        raise NotAtHandError(
            f"{rehearsal.TOKEN_VARIABLES[0]} is not set: the account is looked at with its token."
            " Set it to one; read scope is enough"
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
    """Serve the rehearsal's cloud meanwhile, and lend the environment that leads there alone."""
    if not (cloud := environ.get(rehearsal.CLOUD_VARIABLE)):
        raise NotAtHandError(
            f"{rehearsal.CLOUD_VARIABLE} is not set: it is the file that stands for the cloud."
            " Set what `python -m rehearsal env` prints"
        )
    try:
        from rehearsal.api import doors, serving
    except ModuleNotFoundError as error:
        raise NotAtHandError(
            f"the rehearsal's cloud is shown by {error.name}, which is not installed: install"
            " requirements-dev.txt"
        ) from None
    word = dict.fromkeys((*rehearsal.TOKEN_VARIABLES, *SPACES_KEYS), rehearsal.TOKEN)
    with serving(Path(cloud)) as url:
        yield {**environ, **word, **doors(url)}


def _status(error: Any) -> str:
    """Give the status of a refusal and what the API says of it."""
    try:
        said = json.loads(error.response.text())["message"]
    except (AttributeError, KeyError, TypeError, ValueError):
        said = error.reason
    return f"{error.status_code} {said}"
