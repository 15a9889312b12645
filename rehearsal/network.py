"""What the internet would see of a rehearsal's cloud: its names, its certificates, its answers.

A name answers while what it leads to exists: an active droplet, a reserved IP that one holds, an
app with that domain. The cloud's file is read anew for each question. One server answers for all,
the zones above included: so a zone that is lost is still delegated.
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
from rehearsal.cloud import Json, fill, look
from rehearsal.views import COLLECTIONS, held

LASTS = timedelta(days=90)  # as a certificate of Let's Encrypt
TTL = 60
HOPS = 8  # from name to name: a chain of them ends, or turns in a circle
SHOWN = {  # the types that are answered, and the text of one
    "A": "{value}",
    "AAAA": "{value}",
    "CAA": '{flags} {tag} "{value}"',
    "CNAME": "{value}.",
}
NAMESERVERS = [f"ns{number}.digitalocean.com." for number in (1, 2, 3)]
Records = list[tuple[str, str]]  # type and text
ASTRAY = 421  # Misdirected Request: nobody here has that name
NOBODY = 502


def records(content: Json, name: str) -> Records | None:
    """Return what the name servers hold of a name; None where there is no such name."""
    zones = {identity for identity, _ in held(content, "Domain")}
    found: Records = []
    known = name in zones
    for _, state in held(content, "DnsRecord"):
        label, zone = state["name"], state["domain"]
        if name == (zone if label == "@" else f"{label}.{zone}"):
            known = True
            flags, value = int(state.get("flags", 0)), state["value"].removesuffix(".")
            told = {**state, "flags": flags, "value": value}
            if shown := SHOWN.get(state["type"]):
                found.append((state["type"], shown.format_map(told)))
    for app, state in held(content, "App"):
        ingress = state["defaultIngress"].removeprefix("https://")
        domains = [each["name"] for each in state["spec"].get("domainNames", ())]
        if name == ingress or name in domains:
            known = True
            # App Platform writes a CNAME for its domains, but for a zone's own name its address.
            alias = name != ingress and name not in zones
            found.append(("CNAME", f"{ingress}.") if alias else ("A", _address(app)))
    return found if known else None


def addresses(content: Json, name: str, hops: int = HOPS) -> list[str]:
    """Return where a name leads, by way of other names or not."""
    found = []
    for kind, text in records(content, name) or ():
        if kind == "CNAME" and hops:
            found += addresses(content, text.removesuffix("."), hops - 1)
        elif kind in ("A", "AAAA"):
            found.append(text)
    return found


def status(content: Json, name: str) -> int:
    """Return what a request for a name is answered now; what is marked `down` does not answer."""
    up = {key: each for key, each in content["resources"].items() if not each.get("down")}
    content = {**content, "resources": up}
    answering = set()
    for droplet in COLLECTIONS["droplets"].items(content):
        if droplet["status"] == "active":
            ends = droplet["networks"]["v4"]
            answering |= {each["ip_address"] for each in ends if each["type"] == "public"}
    reserved = COLLECTIONS["reserved_ips"].items(content)
    answering |= {each["ip"] for each in reserved if each["droplet"]}
    for app, state in held(content, "App"):
        if name in [each["name"] for each in state["spec"].get("domainNames", ())]:
            answering.add(_address(app))
    there = addresses(content, name)
    if not there:
        return ASTRAY
    return 200 if answering.issuperset(there) else NOBODY


def _address(app: str) -> str:
    """Return the address of an app's ingress, which no resource tells."""
    return fill("{public_ip}", app, {})


def _label(name: dns.name.Name) -> str:
    """Write a name as the cloud's file does."""
    return name.to_text(omit_final_dot=True).lower()


def answered(content: Json, asked: bytes) -> bytes:
    """Answer a question to the name servers."""
    question = dns.message.from_wire(asked)
    answer = dns.message.make_response(question)
    answer.flags |= dns.flags.AA | dns.flags.RA
    (wanted,) = question.question
    kind, name = dns.rdatatype.to_text(wanted.rdtype), wanted.name
    if kind == "NS" and _label(name) in content["delegated"]:
        answer.answer.append(dns.rrset.from_text_list(name, TTL, "IN", kind, NAMESERVERS))
        return answer.to_wire()
    for _ in range(HOPS):
        there = records(content, _label(name))
        if there is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            break
        alias = kind != "CNAME" and "CNAME" in [each for each, _ in there]
        shown = "CNAME" if alias else kind
        if texts := [text for each, text in there if each == shown]:
            answer.answer.append(dns.rrset.from_text_list(name, TTL, "IN", shown, texts))
        if not alias:
            break
        name = dns.name.from_text(texts[0])
    return answer.to_wire()


def site(cloud: Path) -> Starlette:
    """Make what stands behind all names, over TLS."""

    def answer(request: Request) -> Response:
        code = status(look(cloud), request.url.hostname or "")
        return PlainTextResponse("", code)

    return Starlette(routes=[Route("/{path:path}", answer)])


def doorman() -> Starlette:
    """Make what sends plain HTTP to the same URL over TLS."""

    def answer(request: Request) -> Response:
        return RedirectResponse(request.url.replace(scheme="https", port=None), 301)

    return Starlette(routes=[Route("/{path:path}", answer)])


@contextmanager
def playing(cloud: Path) -> Iterator[dict[str, str]]:
    """Play the network meanwhile, on this machine alone; lends the variables that lead there.

    Writes what is to be trusted into a file beside the cloud's.
    """
    authority = CA()
    trusted = cloud.with_name(f"{cloud.name}.ca.pem").resolve()
    trusted.parent.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(trusted)
    with (
        _naming(cloud) as names,
        running(site(cloud), _presenting(authority)) as secure,
        running(doorman()) as plain,
    ):
        yield {
            "ESTATE_NAMESERVER": f"{ADDRESS}:{names}",
            "ESTATE_CONNECT_TO": f"{ADDRESS}:{secure}:{plain}",
            "SSL_CERT_FILE": str(trusted),
        }


def server_context(authority: CA, name: str, lasts: timedelta = LASTS) -> ssl.SSLContext:
    """Make a server's TLS for one name; its certificate ends `lasts` from now.

    A negative one makes a certificate that has ended.
    """
    now = datetime.now(UTC)
    certificate = authority.issue_cert(name, not_before=now - LASTS, not_after=now + lasts)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _presenting(authority: CA) -> ssl.SSLContext:
    """Make TLS that has a certificate for whatever name is asked for."""
    certified = cache(partial(server_context, authority))
    default = certified(ADDRESS)

    def choose(asking: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        if name:
            asking.context = certified(name)

    default.sni_callback = choose
    return default


@contextmanager
def _naming(cloud: Path) -> Iterator[int]:
    """Answer questions for names meanwhile, from a thread; lends the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((ADDRESS, 0))

        def serve() -> None:
            while asked := listener.recvfrom(4096):
                question, who = asked
                if not question:  # the sign to end
                    break
                try:
                    listener.sendto(answered(look(cloud), question), who)
                except (dns.exception.DNSException, ValueError):
                    continue  # no question at all: who sent it waits in vain

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.sendto(b"", listener.getsockname())
            thread.join()
