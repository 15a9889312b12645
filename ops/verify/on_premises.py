"""Whether Pencom's services answer, as far as this machine can reach them.

A rehearsal connects to nothing outside this machine: its addresses are made up, or worse, real.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address

from ops.cli.findings import Finding, Part
from ops.pencom.inventory import (
    TYPE_PREFIX,
    ForeignSystem,
    Host,
    Inventory,
    Service,
    from_resources,
)
from ops.verify.recorded import Check, Recorded

PENCOM = Part("Pencom")
LIMIT = 4.0  # seconds: most users are outside the network that answers
UNREACHABLE = "internal: not reachable from here"


def checks(state: Recorded, *, rehearsed: bool) -> Iterator[Check]:
    """Yield a check of each host with services and of each foreign system; none without Pencom."""
    if not any(each.type.startswith(TYPE_PREFIX) for each in state.resources):
        return
    inventory = from_resources(state.stack, state.resources)
    for host in inventory.hosts.values():
        names = [each.name for each in inventory.services_on(host)]
        if rehearsed and not ip_address(host.address).is_loopback:
            yield partial(_rehearsed, names)
        elif names:
            yield partial(_host, inventory, host)
    for system in inventory.foreign.values():
        yield partial(_rehearsed, [system.name]) if rehearsed else partial(_foreign, system)


def _rehearsed(names: Iterable[str]) -> Iterator[Finding]:
    detail = "a rehearsal connects to nothing outside this machine"
    yield from (PENCOM.not_checked(name, detail) for name in names)


def _host(inventory: Inventory, host: Host) -> Iterator[Finding]:
    """Check all services of a host: if one answers, the host is reachable and the rest is down.

    If none does, they are not checked, unless the host faces the internet.
    """
    services = inventory.services_on(host)
    with ThreadPoolExecutor(len(services)) as pool:
        answers = list(pool.map(partial(_health, inventory), services))
    reachable = host.exposure == "internet" or any(status for status, _ in answers)
    for service, (status, error) in zip(services, answers, strict=True):
        url = inventory.health_url(service)
        if status == 200:
            yield PENCOM.ok(service.name, f"{url}: 200")
        elif reachable:
            repair = f"`python -m ops order start {service.name}` prints how to start it"
            yield PENCOM.bad(service.name, f"{url}: {status or error}", repair)
        else:
            yield PENCOM.not_checked(service.name, f"{UNREACHABLE} ({url}: {error})")


def _health(inventory: Inventory, service: Service) -> tuple[int, str]:
    """Return the status of a service's health answer, or 0 and the error."""
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
        detail = f"{UNREACHABLE} ({end}: {error}); {system.owner} runs it"
        yield PENCOM.not_checked(system.name, detail)
    else:
        yield PENCOM.ok(system.name, f"{end} accepts connections")
