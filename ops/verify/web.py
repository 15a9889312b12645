"""Whether public URLs answer over valid TLS, and plain HTTP redirects to them."""

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
from ops.cli.findings import Finding, Part
from ops.verify.names import app_names, ingress, record_name
from ops.verify.recorded import Check, Recorded

if TYPE_CHECKING:
    import httpx

URLS, REDIRECTS = Part("URLs"), Part("plain HTTP")
CERTIFICATE_DAYS = 14  # with fewer left it is bad; certbot renews at 30
LIMIT = 15.0  # seconds for a connection or an answer
MOVED = (301, 308)


@dataclass(frozen=True)
class Endpoint:
    """Where requests for a name are sent, whatever a resolver says."""

    host: str
    https: int = 443
    http: int = 80


def endpoint(text: str) -> Endpoint:
    """Parse HOST:HTTPSPORT:HTTPPORT. Raises UsageError for anything else."""
    host, *ports = text.rsplit(":", 2)
    if not host or len(ports) != 2 or not all(each.isdecimal() for each in ports):
        raise UsageError(
            f"--connect-to is {text!r}: allowed is HOST:HTTPSPORT:HTTPPORT, as 127.0.0.1:8443:8080"
        )
    return Endpoint(host, *map(int, ports))


def checks(state: Recorded, connect_to: str | None) -> Iterator[Check]:
    """Yield a check of each public URL, and of plain HTTP at each name.

    Raises UsageError for a `connect_to` that cannot be read.
    """
    import httpx

    everywhere = endpoint(connect_to) if connect_to else None
    trust = httpx.create_ssl_context()
    endpoints = _endpoints(state)
    urls = sorted(_urls(state))
    names = [urlsplit(url).hostname or "" for url in urls]
    ends = {name: everywhere or endpoints.get(name) or Endpoint(name) for name in names}
    for url, name in zip(urls, names, strict=True):
        yield partial(_url, url, ends[name], trust)
    for name in sorted(ends):
        yield partial(_redirect, name, ends[name], trust)


def _urls(state: Recorded) -> set[str]:
    """Return each watched URL, and each other name of an app with its health check's path."""
    targets = [each.inputs["target"] for each in state.of("UptimeCheck")]
    urls = {each for each in targets if each.startswith("https://")}
    watched = {urlsplit(each).hostname for each in urls}
    for app in state.of("App"):
        services = app.inputs["spec"].get("services") or [{}]
        path = (services[0].get("healthCheck") or {}).get("httpPath") or "/"
        urls |= {f"https://{name}{path}" for name in app_names(app) if name not in watched}
    return urls


def _endpoints(state: Recorded) -> Mapping[str, Endpoint]:
    """Return where the state records each name: resolvers may cache what was before."""
    records = [each for each in state.of("DnsRecord") if each.inputs["type"] == "A"]
    endpoints = {record_name(each): Endpoint(each.inputs["value"]) for each in records}
    for app in state.of("App"):
        if host := ingress(app):
            endpoints |= dict.fromkeys(app_names(app), Endpoint(host))
    return endpoints


@contextmanager
def get(url: str, end: Endpoint, trust: ssl.SSLContext) -> Iterator[httpx.Response]:
    """Send a GET to an endpoint and follow no redirect. Raises httpx.HTTPError or OSError."""
    import httpx

    parts = urlsplit(url)
    port = end.https if parts.scheme == "https" else end.http
    host = f"[{end.host}]" if ":" in end.host and not end.host.startswith("[") else end.host
    target = parts._replace(netloc=f"{host}:{port}", path=parts.path or "/").geturl()
    name = {"sni_hostname": parts.hostname or ""}
    with (
        httpx.Client(verify=trust, trust_env=False, timeout=LIMIT) as client,
        client.stream("GET", target, headers={"Host": parts.netloc}, extensions=name) as response,
    ):
        yield response


def _url(url: str, end: Endpoint, trust: ssl.SSLContext) -> Iterator[Finding]:
    import httpx
    from cryptography import x509

    try:
        with get(url, end, trust) as response:
            status, location = response.status_code, response.headers.get("location")
            tls = response.extensions["network_stream"].get_extra_info("ssl_object")
            expiry = x509.load_der_x509_certificate(tls.getpeercert(True)).not_valid_after_utc
    except (httpx.HTTPError, OSError) as error:
        yield URLS.bad(url, f"at {end.host}: {_reason(error)}")
        return
    days = (expiry - datetime.now(UTC)).days
    detail = f"{status}{f', to {location}' if location else ''}; certificate: {days} days left"
    if status != 200:
        yield URLS.bad(url, f"at {end.host}: {detail}")
    else:
        repair = f"its renewal has failed: it expires on {expiry:%Y-%m-%d}"
        yield URLS.verdict(url, detail, repair, ok=days >= CERTIFICATE_DAYS)


def _redirect(name: str, end: Endpoint, trust: ssl.SSLContext) -> Iterator[Finding]:
    import httpx

    url = f"http://{name}"
    try:
        with get(url, end, trust) as response:
            status, location = response.status_code, response.headers.get("location", "")
    except (httpx.HTTPError, OSError) as error:
        yield REDIRECTS.bad(url, f"at {end.host}: {_reason(error)}")
        return
    target = urlsplit(location)
    detail = f"{status}{f' to {location}' if location else ''}"
    if status in MOVED and (target.scheme, target.hostname) == ("https", name):
        yield REDIRECTS.ok(url, detail)
    else:
        yield REDIRECTS.bad(url, f"{detail}; required is 301 or 308 to https://{name}")


def _reason(error: Exception) -> str:
    """Return the text of an error, or its kind if it has none."""
    return str(error) or type(error).__name__
