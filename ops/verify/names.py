"""Whether public names resolve to what the state records."""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ops.cli.errors import UsageError
from ops.cli.findings import Finding, Part
from ops.engine.documents import State
from ops.verify.recorded import Check, Recorded

if TYPE_CHECKING:
    from dns.resolver import Answer, Resolver

NAMES = Part("names")
LIMIT = 10.0  # seconds for one query
# The record types that are checked, as an answer shows them.
FORMS = {"A": "{value}", "AAAA": "{value}", "CNAME": "{value}", "CAA": '{flags} {tag} "{value}"'}
ASK_THE_SOURCE = "resolvers cache old answers: ask the source, `--nameserver ns1.digitalocean.com`"


def checks(state: Recorded, nameserver: str | None) -> Iterator[Check]:
    """Yield a check of each record, and of each name of an app.

    Raises UsageError without a name server to ask.
    """
    server = resolver(nameserver)
    records: dict[tuple[str, str], set[str]] = defaultdict(set)
    for record in state.of("DnsRecord"):
        kind = record.inputs["type"]
        if kind in FORMS:
            records[record_name(record), kind].add(_text(kind, record.inputs))
    for (name, kind), values in sorted(records.items()):
        yield partial(_record, server, name, kind, values)
    for app in state.of("App"):
        for name in app_names(app):
            yield partial(_app, server, name, app)


def record_name(record: State) -> str:
    """Return the full name of a record: api.example.com."""
    label, zone = record.inputs["name"], record.inputs["domain"]
    return str(zone if label == "@" else f"{label}.{zone}")


def app_names(app: State) -> list[str]:
    """Return the public names of an app."""
    return [each["name"] for each in app.inputs["spec"].get("domainNames") or ()]


def ingress(app: State) -> str:
    """Return the host at which App Platform itself serves an app; empty if it is unknown."""
    return str(app.outputs.get("defaultIngress") or "").removeprefix("https://")


def _text(kind: str, inputs: Mapping[str, Any]) -> str:
    """Return a record's value in the form of an answer."""
    import dns.name
    import dns.rdata

    value = inputs["value"] if kind == "CNAME" else inputs["value"].removesuffix(".")
    flags = int(inputs.get("flags") or 0)
    text = FORMS[kind].format_map({**inputs, "value": value, "flags": flags})
    return dns.rdata.from_text("IN", kind, text, origin=dns.name.root, relativize=False).to_text()


def resolver(nameserver: str | None) -> Resolver:
    """Return a resolver for one server, HOST[:PORT], or for those of this machine.

    Raises UsageError if the server cannot be resolved.
    """
    import dns.resolver

    try:
        server = dns.resolver.Resolver(configure=nameserver is None)
    except dns.resolver.NoResolverConfiguration:
        raise UsageError("this machine has no name server: set --nameserver HOST[:PORT]") from None
    server.lifetime = LIMIT
    if nameserver is not None:
        host, port = _host_and_port(nameserver)
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise UsageError(
                f"--nameserver {nameserver}: {host} cannot be resolved: {error}"
            ) from None
        server.nameservers = [str(addresses[0][4][0])]
        server.port = port
    return server


def _host_and_port(text: str) -> tuple[str, int]:
    """Parse HOST[:PORT]. Raises UsageError for anything else."""
    parts = urlsplit(f"//{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.netloc != text:
        raise UsageError(f"--nameserver is {text!r}: allowed is HOST or HOST:PORT")
    return host, port or 53


def _query(server: Resolver, name: str, kind: str) -> Answer | str:
    """Resolve a name; return a text that explains a missing answer."""
    import dns.exception
    import dns.resolver

    try:
        return server.resolve(f"{name}.", kind, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN:
        return "does not exist"
    except dns.exception.DNSException as error:
        return f"no answer: {error}"


def _values(answer: Answer | str) -> set[str]:
    return set() if isinstance(answer, str) else {each.to_text() for each in answer.rrset or ()}


def _record(server: Resolver, name: str, kind: str, recorded: set[str]) -> Iterator[Finding]:
    answer = _query(server, name, kind)
    live = answer if isinstance(answer, str) else _listed(_values(answer))
    if _values(answer) == recorded:
        yield NAMES.ok(f"{name} {kind}", live)
    else:
        detail = f"{live}; recorded is {_listed(recorded)}"
        yield NAMES.bad(f"{name} {kind}", detail, ASK_THE_SOURCE)


def _app(server: Resolver, name: str, app: State) -> Iterator[Finding]:
    """Check that a name leads to the app: as an alias of its ingress, or to its addresses."""
    target = ingress(app)
    if not target:
        detail = f"the state does not record where {app.name} is served"
        yield NAMES.bad(name, detail, "`make refresh` asks App Platform")
        return
    answer = _query(server, name, "A")
    if isinstance(answer, str):
        yield NAMES.bad(name, f"{answer}; recorded is {app.name}, {target}", ASK_THE_SOURCE)
        return
    if answer.canonical_name.to_text(omit_final_dot=True) == target.lower():
        yield NAMES.ok(name, f"an alias of {target}")
        return
    live, right = _values(answer), _addresses(server, target)
    if live and live <= right:
        yield NAMES.ok(name, f"{_listed(live)}: {target}")
    else:
        detail = f"{_listed(live)}; recorded is {app.name}, {target}, at {_listed(right)}"
        yield NAMES.bad(name, detail, ASK_THE_SOURCE)


def _addresses(server: Resolver, name: str) -> set[str]:
    """Resolve a name of another zone, for which the chosen server may refuse."""
    import dns.resolver

    answer = _query(server, name, "A")
    if isinstance(answer, str) and "REFUSED" in answer:
        answer = _query(dns.resolver.get_default_resolver(), name, "A")
    return _values(answer)


def _listed(values: set[str]) -> str:
    return ", ".join(sorted(values)) or "nothing"
