"""Whether what the state names is in the account: up, deployed, closed to strangers, backed up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

from components.facts.stores import CACHES
from ops.account.client import Account, NoAccessError, RefusedError, refusals
from ops.cli.findings import Finding
from ops.engine.documents import State
from ops.verify.recorded import Look, Recorded

DROPLETS, DATABASES, APPS, BACKUPS = "droplets", "databases", "apps", "backups"
YOUNG = timedelta(hours=36)  # a daily backup that is late, but has not been left out
YOUNG_BY_PLAN = {"daily": YOUNG, "weekly": timedelta(days=7) + YOUNG / 3}
PROBE = 3.0  # seconds that a database may take to refuse a stranger
Told = Iterator[Finding]
Rule = tuple[str, str]  # type and value of a trusted source


def looks(state: Recorded, account: Account | NoAccessError) -> Iterator[Look]:
    """Give a look for each droplet, cluster and app that the state names.

    Without an account nothing but what a stranger reaches is looked at, and the rest is told so.
    """
    trusted = {
        each.inputs["clusterId"]: _rules(each.inputs) for each in state.of("DatabaseFirewall")
    }
    own = {each.id: _own_addresses(each) for each in state.of("Droplet")}
    for droplet in state.of("Droplet"):
        yield _asking(account, (DROPLETS, BACKUPS), droplet, _droplet)
    for cluster in state.of("DatabaseCluster"):
        rules = trusted.get(cluster.id, set())
        look = partial(_cluster, rules=rules)
        yield _asking(account, (DATABASES, BACKUPS), cluster, look)
        yield partial(_stranger, cluster, rules, own)
    for app in state.of("App"):
        yield _asking(account, (APPS,), app, _app)


def _asking(
    account: Account | NoAccessError,
    parts: Sequence[str],
    resource: State,
    look: Callable[[Account, State], Told],
) -> Look:
    """Make a look that tells, too, what it could not ask."""

    def told() -> Told:
        if isinstance(account, NoAccessError):
            yield from (Finding(part, resource.name, "unseen", str(account)) for part in parts)
            return
        try:
            with refusals():
                yield from look(account, resource)
        except RefusedError as error:
            yield Finding(parts[0], resource.name, "bad", str(error))

    return told


def _there(account: Account, name: str, identity: str) -> Any:
    """Return one item of a list by its id; None where the account does not have it."""
    return next((each for each in account.read(name) if str(each["id"]) == identity), None)


def _gone(part: str, resource: State) -> Finding:
    told = f"the state has it as {resource.id}, and the account has it no more"
    mend = "`python -m ops drift` names all that is gone"
    return Finding(part, resource.name, "bad", told, mend)


def _droplet(account: Account, resource: State) -> Told:
    live = _there(account, "droplets", resource.id)
    if live is None:
        yield _gone(DROPLETS, resource)
        return
    good = live["status"] == "active"
    yield Finding(DROPLETS, resource.name, "ok" if good else "bad", f"is {live['status']}")
    if not resource.inputs.get("backups"):
        yield Finding(BACKUPS, resource.name, "ok", "declares none")
    elif "backups" not in live["features"]:
        yield Finding(BACKUPS, resource.name, "bad", "are off", "`make up` switches them on")
    else:
        plan = (resource.inputs.get("backupPolicy") or {}).get("plan", "weekly")
        found = account.read("droplet backups", int(resource.id))
        yield newest(resource.name, found, live["created_at"], YOUNG_BY_PLAN[plan])


def _cluster(account: Account, resource: State, rules: set[Rule]) -> Told:
    live = _there(account, "clusters", resource.id)
    if live is None:
        yield _gone(DATABASES, resource)
        return
    good = live["status"] == "online"
    yield Finding(DATABASES, resource.name, "ok" if good else "bad", f"is {live['status']}")
    listed = account.read("cluster rules", resource.id)
    yield _trusted(resource.name, rules, {(each["type"], each["value"]) for each in listed})
    if live["engine"] in CACHES:
        yield Finding(BACKUPS, resource.name, "ok", f"{live['engine']} has none: a cache")
    else:
        found = account.read("cluster backups", resource.id)
        yield newest(resource.name, found, live["created_at"], YOUNG)


def _rules(inputs: Mapping[str, Any]) -> set[Rule]:
    return {(each["type"], each["value"]) for each in inputs["rules"]}


def _trusted(name: str, wanted: set[Rule], live: set[Rule]) -> Finding:
    """Compare the trusted sources. None at all lets anybody in, and so does the whole world."""
    title, mend = f"{name}: trusted sources", "`make up` sets them as declared"
    if not live:
        return Finding(DATABASES, title, "bad", "none, which lets anybody in", mend)
    if world := sorted(value for kind, value in live if kind == "ip_addr" and _everybody(value)):
        return Finding(DATABASES, title, "bad", f"{', '.join(world)} lets anybody in", mend)
    if live != wanted:
        extra = [f"{' '.join(each)} is trusted and not declared" for each in sorted(live - wanted)]
        lost = [f"{' '.join(each)} is declared and not trusted" for each in sorted(wanted - live)]
        return Finding(DATABASES, title, "bad", "; ".join(extra + lost), mend)
    return Finding(DATABASES, title, "ok", ", ".join(" ".join(each) for each in sorted(live)))


def _everybody(network: str) -> bool:
    return ip_network(network, strict=False).prefixlen == 0


def newest(name: str, backups: Sequence[Mapping[str, Any]], made: str, limit: timedelta) -> Finding:
    """Tell how old the newest backup is; of what was just made there may be none yet."""
    now, hours = datetime.now(UTC), limit // timedelta(hours=1)
    times = [datetime.fromisoformat(each["created_at"]) for each in backups]
    if times:
        age = now - max(times)
        told = f"the newest is {age // timedelta(hours=1)} h old, {len(times)} in all"
        if age < limit:
            return Finding(BACKUPS, name, "ok", told)
        return Finding(BACKUPS, name, "bad", f"{told}; wanted is one younger than {hours} h")
    if (age := now - datetime.fromisoformat(made)) < limit:
        told = f"none yet: made {age // timedelta(hours=1)} h ago; look again within {hours} h"
        return Finding(BACKUPS, name, "unseen", told)
    return Finding(BACKUPS, name, "bad", f"none; wanted is one younger than {hours} h")


def _app(account: Account, resource: State) -> Told:
    live = _there(account, "apps", resource.id)
    if live is None:
        yield _gone(APPS, resource)
        return
    active = live.get("active_deployment")
    if not active or active["phase"] != "ACTIVE":
        phase = active["phase"] if active else "none"
        yield Finding(APPS, resource.name, "bad", f"its active deployment is {phase}")
        return
    newer = []
    for each in account.read("app deployments", resource.id):
        if each["id"] == active["id"]:
            break
        newer.append(each["phase"])
    told = "ACTIVE" + (f"; newer: {', '.join(newer)}" if newer else "")
    if "ERROR" in newer:
        mend = f"`doctl apps list-deployments {resource.id}` lists them"
        yield Finding(APPS, resource.name, "bad", f"a newer deployment has failed: {told}", mend)
    else:
        yield Finding(APPS, resource.name, "ok", told)


def _stranger(cluster: State, rules: set[Rule], droplets: Mapping[str, set[str]]) -> Told:
    """Knock at a cluster's public door, which is closed to whom it does not trust."""
    title = f"{cluster.name}: from here"
    if not (host := cluster.outputs.get("host")):
        yield Finding(DATABASES, title, "unseen", "the state does not know its address")
        return
    port = int(cluster.outputs["port"])
    try:
        with socket.create_connection((host, port), PROBE) as connection:
            own = connection.getsockname()[0]
    except OSError as error:
        yield Finding(DATABASES, title, "ok", f"{host}:{port} lets nobody in from here: {error}")
        return
    if is_trusted(own, rules, droplets):
        yield Finding(DATABASES, title, "ok", f"{host}:{port} lets in {own}, which it trusts")
    else:
        told = f"{host}:{port} lets in {own}, which it does not trust"
        yield Finding(DATABASES, title, "bad", told, "`make up` sets its trusted sources")


def is_trusted(address: str, rules: set[Rule], droplets: Mapping[str, set[str]]) -> bool:
    """Tell whether a machine at an address is among the trusted sources."""
    networks = [value for kind, value in rules if kind == "ip_addr"]
    known = [droplets.get(value, set()) for kind, value in rules if kind == "droplet"]
    return any(ip_address(address) in ip_network(each, strict=False) for each in networks) or any(
        address in each for each in known
    )


def _own_addresses(droplet: State) -> set[str]:
    names = ("ipv4Address", "ipv4AddressPrivate", "ipv6Address")
    return {each for name in names if (each := droplet.outputs.get(name))}
