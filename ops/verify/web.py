"""Whether public URLs answer over valid TLS, and plain HTTP leads there."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.verify.names import app_names, ingress, record_name
from ops.verify.recorded import Look, Recorded

if TYPE_CHECKING:
    import httpx

URLS, REDIRECTS = "URLs", "plain HTTP"
CERTIFICATE_DAYS = 14  # fewer wake somebody, too; certbot renews at 30 days left
LIMIT = 15.0  # seconds that a connection or an answer may take
MOVED = (301, 308)


@dataclass(frozen=True)
class Door:
    """Where the connection for a name goes; the name itself is what is asked for there."""

    host: str
    https: int = 443
    http: int = 80


def door(text: str) -> Door:
    """Read HOST:HTTPSPORT:HTTPPORT. Raises UsageError for anything else."""
    host, *ports = text.rsplit(":", 2)
    if not host or len(ports) != 2 or not all(each.isdecimal() for each in ports):
        raise UsageError(
            f"--connect-to is {text!r}: allowed is HOST:HTTPSPORT:HTTPPORT, as 127.0.0.1:8443:8080"
        )
    return Door(host, *map(int, ports))


def looks(state: Recorded, connect_to: str | None) -> Iterator[Look]:
    """Give a look for each public URL, and one for plain HTTP at each name.

    Raises UsageError for a `connect_to` that cannot be read.
    """
    import httpx

    everywhere = door(connect_to) if connect_to else None
    trust = httpx.create_ssl_context()
    doors = _doors(state)
    urls = sorted(_urls(state))
    for url in urls:
        name = urlsplit(url).hostname or ""
        yield partial(_url, url, everywhere or doors.get(name) or Door(name), trust)
    for name in sorted({urlsplit(url).hostname or "" for url in urls}):
        yield partial(_redirect, name, everywhere or doors.get(name) or Door(name), trust)


def _urls(state: Recorded) -> set[str]:
    """Give what is watched, and each other name of an app at the path that tells of its health."""
    targets = [each.inputs["target"] for each in state.of("UptimeCheck")]
    found = {each for each in targets if each.startswith("https://")}
    watched = {urlsplit(each).hostname for each in found}
    for app in state.of("App"):
        services = app.inputs["spec"].get("services") or [{}]
        path = (services[0].get("healthCheck") or {}).get("httpPath") or "/"
        found |= {f"https://{name}{path}" for name in app_names(app) if name not in watched}
    return found


def _doors(state: Recorded) -> Mapping[str, Door]:
    """Give where each name is served, as the state says: resolvers may hold what was before."""
    records = [each for each in state.of("DnsRecord") if each.inputs["type"] == "A"]
    found = {record_name(each): Door(each.inputs["value"]) for each in records}
    for app in state.of("App"):
        if host := ingress(app):
            found |= dict.fromkeys(app_names(app), Door(host))
    return found


@contextmanager
def asked(url: str, door: Door, trust: ssl.SSLContext) -> Iterator[httpx.Response]:
    """Ask for a URL at a door, following nothing. Raises httpx.HTTPError or OSError."""
    import httpx

    parts = urlsplit(url)
    port = door.https if parts.scheme == "https" else door.http
    at = parts._replace(netloc=f"{_bracketed(door.host)}:{port}", path=parts.path or "/").geturl()
    name = parts.hostname or ""
    with (
        httpx.Client(verify=trust, trust_env=False, timeout=LIMIT) as client,
        client.stream(
            "GET", at, headers={"Host": parts.netloc}, extensions={"sni_hostname": name}
        ) as response,
    ):
        yield response


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _url(url: str, door: Door, trust: ssl.SSLContext) -> Iterator[Finding]:
    import httpx
    from cryptography import x509

    try:
        with asked(url, door, trust) as response:
            status, location = response.status_code, response.headers.get("location")
            tls = response.extensions["network_stream"].get_extra_info("ssl_object")
            ends = x509.load_der_x509_certificate(tls.getpeercert(True)).not_valid_after_utc
    except (httpx.HTTPError, OSError) as error:
        yield Finding(URLS, url, "bad", f"at {door.host}: {_why(error)}")
        return
    left = (ends - datetime.now(UTC)).days
    told = f"{status}{f', to {location}' if location else ''}; certificate: {left} days left"
    if status != 200:
        yield Finding(URLS, url, "bad", f"at {door.host}: {told}")
    elif left < CERTIFICATE_DAYS:
        mend = f"its renewal has failed: it ends on {ends:%Y-%m-%d}"
        yield Finding(URLS, url, "bad", told, mend)
    else:
        yield Finding(URLS, url, "ok", told)


def _redirect(name: str, door: Door, trust: ssl.SSLContext) -> Iterator[Finding]:
    import httpx

    url = f"http://{name}"
    try:
        with asked(url, door, trust) as response:
            status, location = response.status_code, response.headers.get("location", "")
    except (httpx.HTTPError, OSError) as error:
        yield Finding(REDIRECTS, url, "bad", f"at {door.host}: {_why(error)}")
        return
    to = urlsplit(location)
    good = status in MOVED and (to.scheme, to.hostname) == ("https", name)
    told = f"{status}{f' to {location}' if location else ''}"
    if good:
        yield Finding(REDIRECTS, url, "ok", told)
    else:
        yield Finding(REDIRECTS, url, "bad", f"{told}; wanted is 301 or 308 to https://{name}")


def _why(error: Exception) -> str:
    """Say what went wrong, where the text of an error is empty by its kind."""
    return str(error) or type(error).__name__
