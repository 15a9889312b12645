"""Pencom's hosts, services and stores: people rebuild them, from the inventory."""

from __future__ import annotations

from collections.abc import Iterator

from ops.recovery.case import Case
from ops.recovery.steps.step import Step, verify

FILES = "pencom-inventory"  # the folder that the exports are written to
# How the handover restores a database, and that an error ends it; nothing is documented for other
# engines.
RESTORES = {
    "PostgreSQL": "psql --set ON_ERROR_STOP=1 --host {host} --port {port} --dbname {database}"
    " < {database}.sql",
    "MongoDB": "mongorestore --host {host} --port {port} --drop --db {database} dump/{database}",
}


def host(case: Case) -> Iterator[Step]:
    """Rebuild a host, restore its databases, and start what runs on it."""
    name, carries = case.loss.label, case.resource.inputs["carries"]
    yield _order(case, "stop", name, "Stop what still runs there and what calls it")
    yield Step(
        "Ask the infrastructure team for a new machine, on the same network and with the same"
        f" address. It carries {', '.join(carries)}. If the address is another one, first write it"
        f" into `pencom.hosts.{name}` of the stack file",
        by="person",
    )
    for form, title in (
        ("ansible", "the inventory"),
        ("firewall", "its firewall"),
        ("pm2", "what runs on it"),
        ("env", "skeletons of its services' .env files"),
    ):
        yield Step(f"Write {title}", _export(case, form))
    yield Step("Copy them to the machine; ask the infrastructure team for secrets", by="person")
    known = {_bare(each.name) for each in case.graph.resources}
    if others := [each for each in carries if each not in known]:
        title = f"Set up {', '.join(others)}, which nothing here describes: ask that team, too"
        yield Step(title, by="person")
    for each in case.graph.resources:
        if each.type == "estate:pencom:Store" and _bare(each.name) in carries:
            yield from _restore(case, each.name, None)
    yield _order(case, "start", name, "Start it in order")
    yield verify(case.stack)


def service(case: Case) -> Iterator[Step]:
    """Restart one service."""
    name = case.loss.label
    yield _order(case, "stop", name, "Stop it")
    title = "Find out why it fails: read its log, and compare its .env with the inventory"
    yield Step(title, by="person")
    yield _order(case, "start", name, "Start it")
    yield verify(case.stack)


def store(case: Case) -> Iterator[Step]:
    """Restore one database of a server, or all of them."""
    _, _, database = case.loss.label.partition("/")
    services = _users(case, case.resource.name, database or None)
    for name in reversed(services):
        yield _order(case, "stop", name, f"Stop {name}, which has its data there")
    yield from _restore(case, case.resource.name, database or None)
    for name in services:
        yield _order(case, "start", name, f"Start {name} and check that it is healthy")
    yield verify(case.stack)


def _restore(case: Case, server: str, only: str | None) -> Iterator[Step]:
    inputs = case.dependencies.resources[server].inputs
    address = next(
        each.inputs["address"]
        for each in case.graph.resources
        if each.type == "estate:pencom:Host" and _bare(each.name) == inputs["host"]
    )
    engines = (form for name, form in RESTORES.items() if inputs["engine"].startswith(name))
    command = next(engines, "")
    for database in [only] if only else inputs["databases"]:
        yield Step(
            f"Restore {database} from its dump. Its place is not documented: ask the infrastructure"
            " team",
            command.format(host=address, port=inputs["port"], database=database),
            by="person",
        )
    if not inputs["databases"]:
        yield Step(
            f"{_bare(server)} comes back empty ({case.dependencies.nodes[server].what}): no copy"
            " is documented, ask the infrastructure team",
            by="person",
        )


def _users(case: Case, server: str, database: str | None) -> list[str]:
    """Return the services with data in a store, in their start order."""
    place = f"{_bare(server)}/{database}" if database else _bare(server)
    services = [
        each
        for each in case.graph.resources
        if each.type == "estate:pencom:Service"
        and any(f"{store}/".startswith(f"{place}/") for store in each.inputs["stores"])
    ]
    return [_bare(each.name) for each in sorted(services, key=lambda e: e.inputs["startWave"])]


def _order(case: Case, direction: str, name: str, title: str) -> Step:
    return Step(
        f"{title}: this prints the commands in order, and `--run` runs them over SSH",
        f"python -m ops order {direction} {name} --stack {case.stack}",
    )


def _export(case: Case, form: str) -> str:
    return f"python -m ops inventory --stack {case.stack} --format {form} --output {FILES}/{form}"


def _bare(name: str) -> str:
    return name.removeprefix("pencom-")
