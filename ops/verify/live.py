"""Whether the account has what the state records: running, deployed, not public, backed up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

from components.facts.holding import CACHES
from ops.account.client import Account, NoAccessError, RefusedError
from ops.cli.findings import Finding, Part
from ops.engine.documents import State
from ops.verify.backups import BACKUPS, DAILY, droplet_limit, newest
from ops.verify.recorded import Check, Recorded

DROPLETS, DATABASES, APPS = Part("droplets"), Part("databases"), Part("apps")
CONNECT = 3.0  # seconds for a database to refuse a connection
Source = tuple[str, str]  # type and value of a trusted source


def checks(state: Recorded, account: Account | NoAccessError) -> Iterator[Check]:
    """Yield a check of each droplet, cluster and app that the state records.

    Without an account only a connection to each database is checked.
    """
    trusted = {
        each.inputs["clusterId"]: _sources(each.inputs["rules"])
        for each in state.of("DatabaseFirewall")
    }
    addresses = {each.id: _addresses(each) for each in state.of("Droplet")}
    for droplet in state.of("Droplet"):
        yield partial(_in_account, account, "droplets", (DROPLETS, BACKUPS), droplet, _droplet)
    for cluster in state.of("DatabaseCluster"):
        sources = trusted.get(cluster.id, set())
        check = partial(_cluster, sources=sources)
        yield partial(_in_account, account, "clusters", (DATABASES, BACKUPS), cluster, check)
        yield partial(_connection, cluster, sources, addresses)
    for app in state.of("App"):
        yield partial(_in_account, account, "apps", (APPS,), app, _app)


def _in_account(
    account: Account | NoAccessError,
    kind: str,
    parts: Sequence[Part],
    resource: State,
    check: Callable[[Account, State, Mapping[str, Any]], Iterator[Finding]],
) -> Iterator[Finding]:
    """Run a check of an item of one of the account's lists, and report if it cannot be read."""
    name = resource.name
    if isinstance(account, NoAccessError):
        yield from (part.not_checked(name, str(account)) for part in parts)
        return
    try:
        live = next((e for e in account.read(kind) if str(e["id"]) == resource.id), None)
        if live is None:
            detail = f"recorded as {resource.id}, and missing in the account"
            yield parts[0].bad(name, detail, "`python -m ops drift` lists every missing resource")
        else:
            yield from check(account, resource, live)
    except RefusedError as error:
        yield parts[0].bad(name, str(error))


def _droplet(account: Account, resource: State, live: Mapping[str, Any]) -> Iterator[Finding]:
    name = resource.name
    yield DROPLETS.verdict(name, f"is {live['status']}", ok=live["status"] == "active")
    if not resource.inputs.get("backups"):
        yield BACKUPS.ok(name, "declares none")
    elif "backups" not in live["features"]:
        yield BACKUPS.bad(name, "are off", "`make up` switches them on")
    else:
        backups = account.read("droplet backups", int(resource.id))
        yield newest(name, backups, droplet_limit(resource.inputs), live["created_at"])


def _cluster(
    account: Account, resource: State, live: Mapping[str, Any], sources: set[Source]
) -> Iterator[Finding]:
    name = resource.name
    yield DATABASES.verdict(name, f"is {live['status']}", ok=live["status"] == "online")
    yield _trusted(name, sources, _sources(account.read("cluster rules", resource.id)))
    if live["engine"] in CACHES:
        yield BACKUPS.ok(name, f"{live['engine']} has none: a cache")
    else:
        backups = account.read("cluster backups", resource.id)
        yield newest(name, backups, DAILY, live["created_at"])


def _sources(rules: Sequence[Mapping[str, Any]]) -> set[Source]:
    return {(each["type"], each["value"]) for each in rules}


def _trusted(name: str, recorded: set[Source], live: set[Source]) -> Finding:
    """Compare trusted sources. A cluster without any, or with a /0 network, is open to all."""
    title, repair = f"{name}: trusted sources", "`make up` sets them as declared"
    open_to_all = sorted(value for kind, value in live if kind == "ip_addr" and _is_all(value))
    if not live:
        detail = "none, which allows everyone in"
    elif open_to_all:
        detail = f"{', '.join(open_to_all)} allows everyone in"
    elif live != recorded:
        extra = (f"{' '.join(e)} is trusted and not declared" for e in sorted(live - recorded))
        lost = (f"{' '.join(e)} is declared and not trusted" for e in sorted(recorded - live))
        detail = "; ".join((*extra, *lost))
    else:
        return DATABASES.ok(title, ", ".join(" ".join(each) for each in sorted(live)))
    return DATABASES.bad(title, detail, repair)


def _is_all(network: str) -> bool:
    return ip_network(network, strict=False).prefixlen == 0


def _app(account: Account, resource: State, live: Mapping[str, Any]) -> Iterator[Finding]:
    name = resource.name
    active = live.get("active_deployment")
    if not active or active["phase"] != "ACTIVE":
        yield APPS.bad(name, f"its active deployment is {active['phase'] if active else 'none'}")
        return
    newer = []
    for each in account.read("app deployments", resource.id):  # newest first
        if each["id"] == active["id"]:
            break
        newer.append(each["phase"])
    detail = "ACTIVE" + (f"; newer: {', '.join(newer)}" if newer else "")
    if "ERROR" in newer:
        repair = f"`doctl apps list-deployments {resource.id}` lists them"
        yield APPS.bad(name, f"a newer deployment has failed: {detail}", repair)
    else:
        yield APPS.ok(name, detail)


def _connection(
    cluster: State, sources: set[Source], addresses: Mapping[str, set[str]]
) -> Iterator[Finding]:
    """Connect to a cluster's public port, which only accepts trusted sources."""
    title = f"{cluster.name}: from here"
    if not (host := cluster.outputs.get("host")):
        yield DATABASES.not_checked(title, "the state does not record its address")
        return
    end = f"{host}:{int(cluster.outputs['port'])}"
    try:
        with socket.create_connection((host, int(cluster.outputs["port"])), CONNECT) as connection:
            own = connection.getsockname()[0]
    except OSError as error:
        yield DATABASES.ok(title, f"{end} refuses connections from here: {error}")
        return
    trusted = is_trusted(own, sources, addresses)
    detail = f"{end} accepts {own}, which it {'trusts' if trusted else 'does not trust'}"
    yield DATABASES.verdict(title, detail, "`make up` sets its trusted sources", ok=trusted)


def is_trusted(address: str, sources: set[Source], addresses: Mapping[str, set[str]]) -> bool:
    """Return whether an address is a trusted source, itself or as one of a droplet's."""
    networks = [value for kind, value in sources if kind == "ip_addr"]
    droplets = [addresses.get(value, set()) for kind, value in sources if kind == "droplet"]
    return any(ip_address(address) in ip_network(each, strict=False) for each in networks) or any(
        address in each for each in droplets
    )


def _addresses(droplet: State) -> set[str]:
    names = ("ipv4Address", "ipv4AddressPrivate", "ipv6Address")
    return {each for name in names if (each := droplet.outputs.get(name))}
