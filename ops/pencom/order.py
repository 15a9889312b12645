"""The start and stop order of Pencom, as steps with commands and checks, one at a time.

Waves come from stores and `startsAfter`. Within a wave a callee starts before its callers, and
nothing starts together: migrations run on boot, and two would race.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ops.cli.errors import UsageError
from ops.pencom import assumed, pm2
from ops.pencom.inventory import Inventory, Service, Store

Direction = Literal["start", "stop"]


@dataclass(frozen=True)
class Step:
    """One service or store on its host. Without a `command` it is only checked.

    `probe` tests once whether it answers; `check` waits for the result of the step.
    """

    name: str
    host: str
    wave: int
    command: str | None
    probe: str
    check: str


def sequence(inventory: Inventory) -> list[str]:
    """Return the names of all stores and services in start order."""
    waves: dict[int, list[str]] = defaultdict(list)
    for process in inventory.processes.values():
        waves[process.start_wave].append(process.name)
    return [name for _, wave in sorted(waves.items()) for name in _callees_first(inventory, wave)]


def _callees_first(inventory: Inventory, wave: Iterable[str]) -> Iterator[str]:
    """Order one wave by calls, callees first; circular calls by name."""
    waiting = dict.fromkeys(sorted(wave))
    while waiting:
        path = [next(iter(waiting))]
        while path:
            caller = inventory.services.get(path[-1])
            callees = [each for each in (caller.calls if caller else ()) if each in waiting]
            callee = next((each for each in sorted(callees) if each not in path), None)
            if callee:
                path.append(callee)
            else:
                del waiting[path[-1]]
                yield path.pop()


def steps(
    inventory: Inventory, direction: Direction, only: str | None, patience: int
) -> list[Step]:
    """Return the steps in order. Each check waits at most `patience` seconds.

    `only` is one service, store or host. A stop leaves the stores running unless `only` names
    them. A start with `only` first checks what that needs. Raises UsageError for an unknown name.
    """
    chosen = _chosen(inventory, direction, only)
    order = sequence(inventory)
    if direction == "stop":
        order.reverse()
        checked: set[str] = set()
    else:
        checked = {each for name in chosen for each in _prerequisites(inventory, name)} - chosen
    return [
        _step(inventory, name, direction if name in chosen else None, patience)
        for name in order
        if name in chosen | checked
    ]


def remaining_users(inventory: Inventory, stopped: Iterable[str]) -> dict[str, list[str]]:
    """Return the running services that call or need a stopped one, by the stopped one's name."""
    users: dict[str, list[str]] = {name: [] for name in stopped}
    for service in inventory.services.values():
        if service.name not in users:
            for used in {*service.calls, *_prerequisites(inventory, service.name)} & users.keys():
                users[used].append(service.name)
    return {name: services for name, services in users.items() if services}


def _chosen(inventory: Inventory, direction: Direction, only: str | None) -> set[str]:
    if only is None:
        return {*(inventory.processes if direction == "start" else inventory.services)}
    if only in inventory.hosts:
        return {*inventory.hosts[only].carries} & inventory.processes.keys()
    if only in inventory.processes:
        return {only}
    known = ", ".join((*inventory.processes, *inventory.hosts))
    raise UsageError(f"there is no {only} in {inventory.stack}: known are {known}")


def _prerequisites(inventory: Inventory, name: str) -> set[str]:
    """Return the stores and services that must run before a service; none for a store."""
    if name not in inventory.services:
        return set()
    service = inventory.services[name]
    return {*(service.databases or inventory.stores), *service.starts_after}


def _step(inventory: Inventory, name: str, action: Direction | None, patience: int) -> Step:
    process = inventory.processes[name]
    port_open = f"(exec 3<>/dev/tcp/{inventory.address(name)}/{process.port}) 2>/dev/null"
    probe = port_open
    if isinstance(process, Service):
        probe = f"curl -gfsS -m 5 -o /dev/null {inventory.health_url(process)}"
    loop = f"while {port_open}" if action == "stop" else f"until {probe}"
    return Step(
        name,
        process.host,
        process.start_wave,
        _command(process, action) if action else None,
        f"timeout 10 bash -c '{probe}'",
        f"timeout {patience} bash -c '{loop}; do sleep 1; done'",
    )


def _command(process: Service | Store, action: Direction) -> str:
    if isinstance(process, Store):
        return f"sudo systemctl {action} {assumed.UNITS.get(process.name, process.name)}"
    if process.process_manager == "docker":
        return f"docker {action} {process.name}"
    if action == "stop":
        return f"pm2 stop {process.name}"
    file = f"{assumed.DEPLOY_FOLDER}/{pm2.file_name(process.host)}"
    return f"pm2 start {file} --only {process.name}"
