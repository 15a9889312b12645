"""Starts and stops Pencom in the derived order, one thing at a time; by default only says how.

Waves come from stores and `startsAfter`. Within a wave who is called comes before who calls, and
nothing starts together: migrations run on boot, and two would race.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ops.cli.errors import UsageError
from ops.pencom import assumed, pm2
from ops.pencom.inventory import Estate, Service, Store

Direction = Literal["start", "stop"]


@dataclass(frozen=True)
class Step:
    """One thing on one host. Without a `command` it is only looked at.

    `probe` tells once whether the thing answers, `check` waits for what the step is to bring.
    """

    thing: str
    host: str
    wave: int
    command: str | None
    probe: str
    check: str


def sequence(estate: Estate) -> list[str]:
    """Give every store and service in the order in which they start."""
    waves: dict[int, list[str]] = {}
    things: list[Store | Service] = [*estate.stores.values(), *estate.services.values()]
    for thing in things:
        waves.setdefault(thing.start_wave, []).append(thing.name)
    return [name for _, wave in sorted(waves.items()) for name in _called_first(estate, wave)]


def _called_first(estate: Estate, wave: Iterable[str]) -> Iterator[str]:
    """Order one wave by calls, callees first; where calls are circular, by name."""
    waiting = dict.fromkeys(sorted(wave))
    while waiting:
        path = [next(iter(waiting))]
        while path:
            caller = estate.services.get(path[-1])
            callees = [each for each in (caller.calls if caller else ()) if each in waiting]
            further = next((each for each in sorted(callees) if each not in path), None)
            if further:
                path.append(further)
            else:
                del waiting[path[-1]]
                yield path.pop()


def steps(estate: Estate, direction: Direction, only: str | None, patience: int) -> list[Step]:
    """Give what to do, in order. A check waits `patience` seconds at most.

    A stop leaves the stores running, unless `only` names one or its host. A start of a part looks
    first at what that part stands on. Raises UsageError for a name that is none.
    """
    chosen = _chosen(estate, direction, only)
    order = sequence(estate)
    if direction == "stop":
        order.reverse()
        return [_step(estate, name, direction, patience) for name in order if name in chosen]
    needed = {each for name in chosen for each in _before(estate, name)}
    return [
        _step(estate, name, direction if name in chosen else None, patience)
        for name in order
        if name in chosen | needed
    ]


def standing_on(estate: Estate, names: Iterable[str]) -> dict[str, list[str]]:
    """Tell for each thing which others, not among them, call it or stand on it."""
    stopped = dict.fromkeys(names)
    users: dict[str, list[str]] = {name: [] for name in stopped}
    for service in estate.services.values():
        if service.name not in stopped:
            for used in {*service.calls, *_before(estate, service.name)} & stopped.keys():
                users[used].append(service.name)
    return {name: found for name, found in users.items() if found}


def _chosen(estate: Estate, direction: Direction, only: str | None) -> set[str]:
    if only is None:
        return {*estate.services, *(estate.stores if direction == "start" else ())}
    if only in estate.hosts:
        return {*estate.hosts[only].carries} & {*estate.services, *estate.stores}
    if only in estate.services or only in estate.stores:
        return {only}
    known = ", ".join((*estate.services, *estate.stores, *estate.hosts))
    raise UsageError(f"there is no {only} in {estate.stack}: known are {known}")


def _before(estate: Estate, name: str) -> set[str]:
    """Name what must run before a service does."""
    if name not in estate.services:
        return set()
    service = estate.services[name]
    stores = {use.partition("/")[0] for use in service.stores}
    return (stores or {*estate.stores}) | {*service.starts_after}


def _step(estate: Estate, name: str, direction: Direction | None, patience: int) -> Step:
    port_open = f"(exec 3<>/dev/tcp/{estate.address(name)}/{estate.port(name)}) 2>/dev/null"
    probe = port_open
    if name in estate.services:
        service = estate.services[name]
        wave, commands = service.start_wave, _of_service(service)
        probe = f"curl -gfsS -m 5 -o /dev/null {estate.health(service)}"
    else:
        wave, commands = estate.stores[name].start_wave, _of_store(estate.stores[name])
    wait = f"while {port_open}" if direction == "stop" else f"until {probe}"
    return Step(
        name,
        estate.machine(name),
        wave,
        commands[direction] if direction else None,
        f"timeout 10 bash -c '{probe}'",
        f"timeout {patience} bash -c '{wait}; do sleep 1; done'",
    )


def _of_service(service: Service) -> Mapping[str, str]:
    if service.process_manager == "docker":
        return {"start": f"docker start {service.name}", "stop": f"docker stop {service.name}"}
    file = f"{assumed.DEPLOY_FOLDER}/{pm2.file_name(service.host)}"
    return {
        "start": f"pm2 start {file} --only {service.name}",
        "stop": f"pm2 stop {service.name}",
    }


def _of_store(store: Store) -> Mapping[str, str]:
    unit = assumed.UNITS.get(store.name, store.name)
    return {"start": f"sudo systemctl start {unit}", "stop": f"sudo systemctl stop {unit}"}
