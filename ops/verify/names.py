"""Whether public names resolve to what the state says."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.engine.documents import State
from ops.verify.recorded import Look, Recorded

if TYPE_CHECKING:
    from dns.resolver import Answer, Resolver

PART = "names"
LIMIT = 10.0  # seconds that one question may take
SHOWN = {"A": "{value}", "AAAA": "{value}", "CNAME": "{value}", "CAA": '{flags} {tag} "{value}"'}
ASK_THE_SOURCE = (
    "after a change caches are old: ask the source, `--nameserver ns1.digitalocean.com`"
)


def looks(state: Recorded, nameserver: str | None) -> Iterator[Look]:
    """Give a look for each record, and for each name of an app.

    Raises UsageError where there is no server to ask.
    """
    resolver = _resolver(nameserver)
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for record in state.of("DnsRecord"):
        kind = record.inputs["type"]
        if kind in SHOWN:
            wanted[record_name(record), kind].add(_text(kind, record.inputs))
    for (name, kind), texts in sorted(wanted.items()):
        yield partial(_record, resolver, name, kind, texts)
    for app in state.of("App"):
        for name in app_names(app):
            yield partial(_app, resolver, name, app)


def record_name(record: State) -> str:
    """Give the whole name of a record."""
    label, zone = record.inputs["name"], record.inputs["domain"]
    return str(zone if label == "@" else f"{label}.{zone}")


def app_names(app: State) -> list[str]:
    """Give the public names of an app."""
    return [each["name"] for each in app.inputs["spec"].get("domainNames") or ()]


def ingress(app: State) -> str:
    """Give the host that App Platform serves an app at, under whatever other names."""
    return str(app.outputs.get("defaultIngress") or "").removeprefix("https://")


def _text(kind: str, inputs: Any) -> str:
    """Write a record's value as an answer has it."""
    import dns.name
    import dns.rdata

    value = inputs["value"] if kind == "CNAME" else inputs["value"].removesuffix(".")
    own = {**inputs, "value": value, "flags": int(inputs.get("flags") or 0)}
    text = SHOWN[kind].format_map(own)
    return dns.rdata.from_text("IN", kind, text, origin=dns.name.root, relativize=False).to_text()


def _resolver(nameserver: str | None) -> Resolver:
    """Make who is asked: the given server, or those of this machine."""
    import dns.resolver

    try:
        resolver = dns.resolver.Resolver(configure=nameserver is None)
    except dns.resolver.NoResolverConfiguration:
        raise UsageError(
            "this machine knows no name server: name one by --nameserver HOST[:PORT]"
        ) from None
    resolver.lifetime = LIMIT
    if nameserver is not None:
        host, port = _end(nameserver)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise UsageError(
                f"--nameserver {nameserver}: {host} is not resolved: {error}"
            ) from None
        resolver.nameservers = [str(found[0][4][0])]
        resolver.port = port
    return resolver


def _end(text: str) -> tuple[str, int]:
    """Read HOST[:PORT]. Raises UsageError for anything else."""
    parts = urlsplit(f"//{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.netloc != text:
        raise UsageError(f"--nameserver is {text!r}: allowed is HOST or HOST:PORT")
    return host, port or 53


def _ask(resolver: Resolver, name: str, kind: str) -> Answer | str:
    """Ask for a name; a text says what came instead of an answer."""
    import dns.exception
    import dns.resolver

    try:
        return resolver.resolve(f"{name}.", kind, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN:
        return "does not exist"
    except dns.exception.DNSException as error:
        return f"no answer: {error}"


def _texts(answer: Answer) -> set[str]:
    return {each.to_text() for each in answer.rrset or ()}


def _record(resolver: Resolver, name: str, kind: str, wanted: set[str]) -> Iterator[Finding]:
    answer = _ask(resolver, name, kind)
    there = answer if isinstance(answer, str) else _listed(_texts(answer))
    if not isinstance(answer, str) and _texts(answer) == wanted:
        yield Finding(PART, f"{name} {kind}", "ok", there)
    else:
        told = f"{there}; the state says {_listed(wanted)}"
        yield Finding(PART, f"{name} {kind}", "bad", told, ASK_THE_SOURCE)


def _app(resolver: Resolver, name: str, app: State) -> Iterator[Finding]:
    """Look whether a name leads to the app: as an alias of its ingress, or to its addresses."""
    target = ingress(app)
    if not target:
        told = f"the state does not know where {app.name} is served"
        yield Finding(PART, name, "bad", told, "`make refresh` asks App Platform")
        return
    answer = _ask(resolver, name, "A")
    if isinstance(answer, str):
        told = f"{answer}; the state says {app.name}, {target}"
        yield Finding(PART, name, "bad", told, ASK_THE_SOURCE)
        return
    there = _texts(answer)
    if answer.canonical_name.to_text(omit_final_dot=True) == target.lower():
        yield Finding(PART, name, "ok", f"an alias of {target}")
        return
    own = _addresses(resolver, target)
    if there and there <= own:
        yield Finding(PART, name, "ok", f"{_listed(there)}: {target}")
    else:
        told = f"{_listed(there)}; the state says {app.name}, {target}, at {_listed(own)}"
        yield Finding(PART, name, "bad", told, ASK_THE_SOURCE)


def _addresses(resolver: Resolver, name: str) -> set[str]:
    """Resolve a name that the asked server need not know: it may be of another zone."""
    import dns.resolver

    answer = _ask(resolver, name, "A")
    if isinstance(answer, str) and "REFUSED" in answer:
        answer = _ask(dns.resolver.get_default_resolver(), name, "A")
    return set() if isinstance(answer, str) else _texts(answer)


def _listed(texts: set[str]) -> str:
    return ", ".join(sorted(texts)) or "nothing"
