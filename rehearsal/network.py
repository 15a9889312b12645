"""The cloud of a rehearsal as the internet sees it: names, certificates and answers.

A name answers while its target exists: an active droplet, an assigned reserved IP, an app with that
domain. The cloud's file is read again for each request. One name server answers for all zones, also
for those above them, so a deleted zone is still delegated.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from trustme import CA

from rehearsal.api import ADDRESS, running
from rehearsal.cloud import Json, fill_template, load
from rehearsal.views import COLLECTIONS, resources_of

VALIDITY = timedelta(days=90)  # as a certificate of Let's Encrypt
TTL = 60
MAX_ALIASES = 8  # that are followed: a longer chain is a circle
RECORD_TEXTS = {  # of the record types that are answered
    "A": "{value}",
    "AAAA": "{value}",
    "CAA": '{flags} {tag} "{value}"',
    "CNAME": "{value}.",
}
NAMESERVERS = [f"ns{number}.digitalocean.com." for number in (1, 2, 3)]
Records = list[tuple[str, str]]  # type and text
MISDIRECTED = 421  # Misdirected Request: no site has that name
BAD_GATEWAY = 502


def records(content: Json, name: str) -> Records | None:
    """Return the DNS records of a name; None if there is no such name."""
    zones = {identity for identity, _ in resources_of(content, "Domain")}
    answers: Records = []
    known = name in zones
    for _, state in resources_of(content, "DnsRecord"):
        label, zone = state["name"], state["domain"]
        if name == (zone if label == "@" else f"{label}.{zone}"):
            known = True
            flags, value = int(state.get("flags", 0)), state["value"].removesuffix(".")
            if template := RECORD_TEXTS.get(state["type"]):
                text = template.format_map({**state, "flags": flags, "value": value})
                answers.append((state["type"], text))
    for app, state in resources_of(content, "App"):
        ingress = state["defaultIngress"].removeprefix("https://")
        domains = [each["name"] for each in state["spec"].get("domainNames", ())]
        if name == ingress or name in domains:
            known = True
            # App Platform writes a CNAME for its domains, but an address at the zone's apex.
            alias = name != ingress and name not in zones
            answers.append(("CNAME", f"{ingress}.") if alias else ("A", _address(app)))
    return answers if known else None


def addresses(content: Json, name: str, max_aliases: int = MAX_ALIASES) -> list[str]:
    """Return the addresses of a name; aliases are followed."""
    result = []
    for kind, text in records(content, name) or ():
        if kind == "CNAME" and max_aliases:
            result += addresses(content, text.removesuffix("."), max_aliases - 1)
        elif kind in ("A", "AAAA"):
            result.append(text)
    return result


def status(content: Json, name: str) -> int:
    """Return the HTTP status of a request for a name now; what is marked `down` does not answer."""
    up = {key: each for key, each in content["resources"].items() if not each.get("down")}
    content = {**content, "resources": up}
    answering = set()
    for droplet in COLLECTIONS["droplets"].items(content):
        if droplet["status"] == "active":
            ends = droplet["networks"]["v4"]
            answering |= {each["ip_address"] for each in ends if each["type"] == "public"}
    reserved = COLLECTIONS["reserved_ips"].items(content)
    answering |= {each["ip"] for each in reserved if each["droplet"]}
    for app, state in resources_of(content, "App"):
        if name in [each["name"] for each in state["spec"].get("domainNames", ())]:
            answering.add(_address(app))
    targets = addresses(content, name)
    if not targets:
        return MISDIRECTED
    return 200 if answering.issuperset(targets) else BAD_GATEWAY


def _address(app: str) -> str:
    """Return the address of an app's ingress, which is no output of any resource."""
    return fill_template("{public_ip}", app, {})


def _label(name: dns.name.Name) -> str:
    """Return a name as the cloud's file has it: lower case, without the final dot."""
    return name.to_text(omit_final_dot=True).lower()


def dns_answer(content: Json, query: bytes) -> bytes:
    """Return the name server's answer to a query, both in DNS wire format."""
    message = dns.message.from_wire(query)
    answer = dns.message.make_response(message)
    answer.flags |= dns.flags.AA | dns.flags.RA
    (question,) = message.question
    kind, name = dns.rdatatype.to_text(question.rdtype), question.name
    if kind == "NS" and _label(name) in content["delegated"]:
        answer.answer.append(dns.rrset.from_text_list(name, TTL, "IN", kind, NAMESERVERS))
        return answer.to_wire()
    for _ in range(MAX_ALIASES):
        existing = records(content, _label(name))
        if existing is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            break
        alias = kind != "CNAME" and "CNAME" in [each for each, _ in existing]
        answered = "CNAME" if alias else kind
        if texts := [text for each, text in existing if each == answered]:
            answer.answer.append(dns.rrset.from_text_list(name, TTL, "IN", answered, texts))
        if not alias:
            break
        name = dns.name.from_text(texts[0])
    return answer.to_wire()


def site(cloud: Path) -> Starlette:
    """Return the application that answers for every name, over TLS."""

    def answer(request: Request) -> Response:
        code = status(load(cloud), request.url.hostname or "")
        return PlainTextResponse("", code)

    return Starlette(routes=[Route("/{path:path}", answer)])


def redirects() -> Starlette:
    """Return the application that redirects plain HTTP to the same URL over TLS."""

    def answer(request: Request) -> Response:
        return RedirectResponse(request.url.replace(scheme="https", port=None), 301)

    return Starlette(routes=[Route("/{path:path}", answer)])


@contextmanager
def simulated_network(cloud: Path) -> Iterator[dict[str, str]]:
    """Serve names and sites on this machine alone, until the context ends.

    Yields the variables that lead clients there. Writes the CA certificate beside the cloud's file.
    """
    authority = CA()
    trusted = cloud.with_name(f"{cloud.name}.ca.pem").resolve()
    trusted.parent.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(trusted)
    with (
        _name_server(cloud) as names,
        running(site(cloud), _tls_for_any_name(authority)) as secure,
        running(redirects()) as plain,
    ):
        yield {
            "ESTATE_NAMESERVER": f"{ADDRESS}:{names}",
            "ESTATE_CONNECT_TO": f"{ADDRESS}:{secure}:{plain}",
            "SSL_CERT_FILE": str(trusted),
        }


def server_context(authority: CA, name: str, validity: timedelta = VALIDITY) -> ssl.SSLContext:
    """Return a server's TLS for one name; its certificate expires `validity` from now.

    A negative `validity` makes an expired certificate.
    """
    now = datetime.now(UTC)
    certificate = authority.issue_cert(name, not_before=now - VALIDITY, not_after=now + validity)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _tls_for_any_name(authority: CA) -> ssl.SSLContext:
    """Return TLS that issues a certificate for any name that a client requests."""
    context_of = cache(partial(server_context, authority))
    default = context_of(ADDRESS)

    def choose(client: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        if name:
            client.context = context_of(name)

    default.sni_callback = choose
    return default


@contextmanager
def _name_server(cloud: Path) -> Iterator[int]:
    """Answer DNS queries from a thread, until the context ends. Yields the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((ADDRESS, 0))

        def serve() -> None:
            while True:
                query, client = listener.recvfrom(4096)
                if not query:  # the signal to end
                    break
                try:
                    listener.sendto(dns_answer(load(cloud), query), client)
                except (dns.exception.DNSException, ValueError):
                    continue  # not a DNS query: it gets no answer

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.sendto(b"", listener.getsockname())
            thread.join()
