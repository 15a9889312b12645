"""The inventory is checked as a whole; a mistake names the file that has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from conftest import DELETE, changed
from refusals import mistakes, refusal

from components.facts.pencom import INVENTORY


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hosts.vps-2": "188.166.145.68"}, ["vps-2", "188.166.145.68", "10.0.0.0/8"]),
        ({"hosts.vps-4": DELETE}, ["vps-4", "no address"]),
        ({"hosts.vps-5": "10.20.0.15"}, ["vps-5", "known are", "vps-4"]),
        ({"foreign.oracle-ecrs": DELETE}, ["oracle-ecrs", "no address"]),
        ({"hosts.vps-2": "10.20.0.13"}, ["vps-2", "vps-3", "10.20.0.13"]),
        ({"storePorts.postgresql": 6379}, ["postgresql", "redis", "6379"]),
        ({"storePorts.mongodb": DELETE}, ["mongodb", "no port"]),
        ({"storePorts.mysql": 3306}, ["storePorts", "mysql", "postgresql"]),
        ({"storePorts.redis": 6380}, ["storePorts", "redis", "6379"]),
    ],
    ids=[
        "an internal host with a public address",
        "a host without address",
        "an unknown host",
        "a foreign system without address",
        "an address twice",
        "a port twice",
        "a store without port",
        "a port of an unknown store",
        "a port that is a fact, not a setting",
    ],
)
def test_an_inventory_that_does_not_hold_is_refused(
    changes: dict[str, Any], named: list[str]
) -> None:
    settings = changed("prod", {f"pencom.{key}": value for key, value in changes.items()})
    (mistake,) = mistakes(refusal(settings), "prod")
    assert mistake.key.startswith("estate:pencom")
    for name in named:
        assert name in f"{mistake.key} {mistake.found} {mistake.allowed}"


def test_a_port_that_a_setting_takes_twice_is_a_mistake_of_the_setting() -> None:
    settings = changed("prod", {"pencom.storePorts.postgresql": 6379})
    (mistake,) = mistakes(refusal(settings), "prod")
    assert (mistake.key, mistake.found) == ("estate:pencom.storePorts.postgresql", "6379")


@pytest.fixture
def _wrong_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts with two mistakes: a service is on two hosts, and one reads what does not exist."""
    hosts, services = {**INVENTORY.hosts}, {**INVENTORY.services}
    hosts["vps-3"] = replace(hosts["vps-3"], carries=(*hosts["vps-3"].carries, "audit"))
    services["core"] = replace(services["core"], reads=("oracle-hr",))
    monkeypatch.setattr(
        "stacks.settings.INVENTORY", replace(INVENTORY, hosts=hosts, services=services)
    )


@pytest.mark.usefixtures("_wrong_facts")
def test_a_mistake_in_the_facts_names_their_file_and_not_the_stack_file() -> None:
    text = refusal(changed("prod", {}))
    head = "components/facts/pencom.py has 2 mistakes; nothing was registered."
    assert text.splitlines()[0] == head
    assert "Pulumi.prod.yaml" not in text
    assert "audit is carried by" in text
    assert "core reads oracle-hr" in text


@pytest.mark.usefixtures("_wrong_facts")
@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"hosts.vps-2": "188.166.145.68"}, ["hosts.vps-2"]),
        ({"processManager": "systemd"}, ["processManager"]),
        ({"hosts": DELETE}, ["hosts"]),
    ],
)
def test_mistakes_of_both_files_come_at_once(changes: dict[str, Any], keys: list[str]) -> None:
    text = refusal(changed("prod", {f"pencom.{key}": value for key, value in changes.items()}))
    settings, head, facts = text.partition("components/facts/pencom.py has 2 mistakes")
    assert head
    assert [each.key for each in mistakes(settings, "prod")] == [
        f"estate:pencom.{key}" for key in keys
    ]
    assert "audit is carried by" in " ".join(facts.split())


def test_a_setting_that_is_wrong_by_itself_hides_no_other_one() -> None:
    wrong = {
        "pencom.hosts.vps-1": 5,
        "pencom.hosts.vps-2": "188.166.145.68",
        "pencom.sshAllowList": [],
        "pencom.storePorts.mysql": 3306,
    }
    assert {each.key for each in mistakes(refusal(changed("prod", wrong)), "prod")} == {
        f"estate:{key}" for key in wrong
    }
