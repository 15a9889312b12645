"""Pencom's hosts, services and stores: people rebuild them, with what the inventory knows."""

from __future__ import annotations

from collections.abc import Iterator

from ops.recovery.case import Case
from ops.recovery.steps.step import Step, verify

FILES = "pencom-inventory"  # the folder that the exports are written to
# How the handover restores a database, and that an error ends it; of other engines nothing is
# documented.
RESTORES = {
    "PostgreSQL": "psql --set ON_ERROR_STOP=1 --host {host} --port {port} --dbname {database}"
    " < {database}.sql",
    "MongoDB": "mongorestore --host {host} --port {port} --drop --db {database} dump/{database}",
}


def host(case: Case) -> Iterator[Step]:
    """Rebuild a host, restore the databases that it carried, and start what runs on it."""
    name, carries = case.loss.label, case.resource.inputs["carries"]
    yield _order(case, "stop", name, "stop what still runs there and what calls it, as it says")
    yield Step(
        "have a machine made in its place, on the same network and with the same address: call the"
        f" infrastructure team. It carries {', '.join(carries)}. Another address goes into"
        f" `pencom.hosts.{name}` of the stack file first",
        by="person",
    )
    for form, what in (
        ("ansible", "the inventory"),
        ("firewall", "its firewall"),
        ("pm2", "what runs on it"),
        ("env", "skeletons of what its services are given"),
    ):
        yield Step(f"write {what}", _export(case, form))
    yield Step("put them on the machine; for secrets ask the infrastructure team", by="person")
    known = {_bare(each.name) for each in case.planned.resources}
    if others := [each for each in carries if each not in known]:
        told = f"set up {', '.join(others)}, which nothing here describes: ask them, too"
        yield Step(told, by="person")
    for store in case.planned.resources:
        if store.type == "estate:pencom:Store" and _bare(store.name) in carries:
            yield from _restored(case, store.name, None)
    yield _order(case, "start", name, "start it in order")
    yield verify(case.stack)


def service(case: Case) -> Iterator[Step]:
    """Restart one service."""
    name = case.loss.label
    yield _order(case, "stop", name, "stop it")
    yield Step("read why it fails: its log, and its .env held against the inventory", by="person")
    yield _order(case, "start", name, "start it")
    yield verify(case.stack)


def store(case: Case) -> Iterator[Step]:
    """Restore a database of a server, or all of a server's."""
    _, _, database = case.loss.label.partition("/")
    users = _owners(case, case.resource.name, database or None)
    for name in reversed(users):
        yield _order(case, "stop", name, f"stop {name}, which keeps its data there")
    yield from _restored(case, case.resource.name, database or None)
    for name in users:
        yield _order(case, "start", name, f"start {name} and see that it is well")
    yield verify(case.stack)


def _restored(case: Case, server: str, only: str | None) -> Iterator[Step]:
    inputs = case.found.resources[server].inputs
    at = next(
        each.inputs["address"]
        for each in case.planned.resources
        if each.type == "estate:pencom:Host" and _bare(each.name) == inputs["host"]
    )
    how = next((each for name, each in RESTORES.items() if inputs["engine"].startswith(name)), "")
    for database in [only] if only else inputs["databases"]:
        yield Step(
            f"restore {database} from its dump. Where that is, nothing documents: ask the"
            " infrastructure team",
            how.format(host=at, port=inputs["port"], database=database),
            by="person",
        )
    if not inputs["databases"]:
        yield Step(
            f"{_bare(server)} comes back empty; {case.found.nodes[server].what}: no copy is"
            " documented, ask the infrastructure team",
            by="person",
        )


def _owners(case: Case, server: str, database: str | None) -> list[str]:
    """Name who keeps data in a store, in the order in which they start."""
    wanted = f"{_bare(server)}/{database}" if database else _bare(server)
    services = [each for each in case.planned.resources if each.type == "estate:pencom:Service"]
    users = [
        each
        for each in services
        if any(f"{store}/".startswith(f"{wanted}/") for store in each.inputs["stores"])
    ]
    return [_bare(each.name) for each in sorted(users, key=lambda each: each.inputs["startWave"])]


def _order(case: Case, direction: str, name: str, title: str) -> Step:
    told = f"{title}: it prints the commands in order, and `--run` takes them over SSH"
    return Step(told, f"python -m ops order {direction} {name} --stack {case.stack}")


def _export(case: Case, form: str) -> str:
    return f"python -m ops inventory --stack {case.stack} --format {form} --output {FILES}/{form}"


def _bare(name: str) -> str:
    return name.removeprefix("pencom-")
