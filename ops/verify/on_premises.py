"""Whether Pencom's services answer, as far as can be told from here.

A rehearsal asks nobody outside this machine: its addresses are made up, or worse, real.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address

from ops.cli.findings import Finding
from ops.pencom.inventory import (
    TYPE_PREFIX,
    ForeignSystem,
    Host,
    Inventory,
    Service,
    from_resources,
)
from ops.verify.recorded import Look, Recorded

PART = "Pencom"
LIMIT = 4.0  # seconds: most people stand outside the network that answers
UNREACHED = "internal: not reachable from here"


def looks(state: Recorded, *, rehearsed: bool) -> Iterator[Look]:
    """Give a look for each host with services, and for each foreign system; none without Pencom."""
    if not any(each.type.startswith(TYPE_PREFIX) for each in state.resources):
        return
    inventory = from_resources(state.stack, state.resources)
    for host in inventory.hosts.values():
        things = [each.name for each in inventory.services_on(host)]
        if rehearsed and not ip_address(host.address).is_loopback:
            yield partial(_unasked, things)
        elif things:
            yield partial(_host, inventory, host)
    for system in inventory.foreign.values():
        yield partial(_unasked, [system.name]) if rehearsed else partial(_foreign, system)


def _unasked(names: Iterable[str]) -> Iterator[Finding]:
    told = "a rehearsal asks nobody outside this machine"
    yield from (Finding(PART, name, "unseen", told) for name in names)


def _host(inventory: Inventory, host: Host) -> Iterator[Finding]:
    """Look at all services of a host: where one answers, the host is reached, and the rest is down.

    Where none does, nobody can tell from here, unless the host faces the internet.
    """
    services = inventory.services_on(host)
    with ThreadPoolExecutor(len(services)) as pool:
        answers = list(pool.map(partial(_health, inventory), services))
    reached = host.exposure == "internet" or any(status for status, _ in answers)
    for service, (status, told) in zip(services, answers, strict=True):
        url = inventory.health_url(service)
        if status == 200:
            yield Finding(PART, service.name, "ok", f"{url}: 200")
        elif reached:
            mend = f"`python -m ops order start {service.name}` says how to start it"
            yield Finding(PART, service.name, "bad", f"{url}: {status or told}", mend)
        else:
            yield Finding(PART, service.name, "unseen", f"{UNREACHED} ({url}: {told})")


def _health(inventory: Inventory, service: Service) -> tuple[int, str]:
    """Ask a service how it is: the status of its answer, or 0 and why there is none."""
    import httpx

    try:
        with httpx.Client(trust_env=False, timeout=LIMIT) as client:
            return client.get(inventory.health_url(service)).status_code, ""
    except httpx.HTTPError as error:
        return 0, str(error) or type(error).__name__


def _foreign(system: ForeignSystem) -> Iterator[Finding]:
    end = f"{system.address}:{system.port}"
    try:
        socket.create_connection((system.address, system.port), LIMIT).close()
    except OSError as error:
        told = f"{UNREACHED} ({end}: {error}); {system.owner} runs it"
        yield Finding(PART, system.name, "unseen", told)
    else:
        yield Finding(PART, system.name, "ok", f"{end} takes connections")
