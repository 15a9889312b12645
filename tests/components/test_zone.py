"""The DNS zone of a product."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from recording import declared, recorded

from components.types import Record
from components.zone import ADDRESS_TTL, Zone, ZoneArgs


def records(*extra: Record) -> dict[str, dict[str, Any]]:
    """Inputs of the records of a zone, by logical name."""
    args = ZoneArgs("example.test", ("letsencrypt.org", "pki.goog"), {"api": "192.0.2.1"}, extra)
    made = declared(lambda: Zone("z", args))
    assert made["z-domain"].inputs == {"name": "example.test"}
    return {name: r.inputs for name, r in made.items() if r.type.endswith(":DnsRecord")}


def test_a_host_gets_an_address_that_is_soon_forgotten_everywhere() -> None:
    assert ADDRESS_TTL <= 300
    assert records()["z-a-api"] == {
        "domain": "example.test",
        "type": "A",
        "name": "api",
        "value": "192.0.2.1",
        "ttl": ADDRESS_TTL,
    }


def test_a_stand_in_answers_for_every_host_and_the_zone_says_so() -> None:
    args = ZoneArgs("example.test", ("pki.goog",), {"api": "192.0.2.1"}, stand_in="198.18.0.7")
    made = declared(lambda: Zone("z", args))
    assert made["z-a-api"].inputs["value"] == "198.18.0.7"
    assert made["z"].inputs == {"standIn": "198.18.0.7"}


@pytest.mark.parametrize("issuer", ["letsencrypt.org", "pki.goog"])
def test_each_named_authority_and_no_other_may_issue_certificates(issuer: str) -> None:
    made = records()
    assert made[f"z-caa-{issuer}"] == {
        "domain": "example.test",
        "type": "CAA",
        "name": "@",
        "value": f"{issuer}.",
        "flags": 0,
        "tag": "issue",
        "ttl": 1800,
    }
    assert len(made) == 3


EXTRA = [
    (Record(type="TXT", value="v=spf1 -all"), "z-txt-apex"),
    (Record(type="TXT", value="token", label="search"), "z-txt-search"),
    (Record(type="AAAA", name="api", value="2001:db8::1"), "z-aaaa-api"),
    (Record(type="CNAME", name="docs", value="pages.test.", ttl=60), "z-cname-docs"),
    (Record(type="MX", value="mail.test.", priority=10), "z-mx-apex"),
    (
        Record(type="SRV", name="_sip._tcp", value="sip.test.", priority=1, port=5060, weight=2),
        "z-srv-_sip._tcp",
    ),
    (Record(type="CAA", value="mailto:a@b.test", flags=0, tag="iodef"), "z-caa-apex"),
]


@pytest.mark.parametrize(("record", "name"), EXTRA, ids=[name for _, name in EXTRA])
def test_a_record_of_the_stack_file_is_made_as_it_stands_there(record: Record, name: str) -> None:
    fields = record.model_dump(exclude_none=True, exclude={"label"})
    assert records(record)[name] == {"domain": "example.test", **fields}


def test_two_records_of_one_name_are_told_apart_by_their_labels() -> None:
    mail = [Record(type="MX", value=f"{host}.test.", priority=1, label=host) for host in ("a", "b")]
    made = records(*mail)
    assert (made["z-mx-a"]["value"], made["z-mx-b"]["value"]) == ("a.test.", "b.test.")


def test_a_record_is_deleted_before_its_successor_is_made_and_the_zone_is_not() -> None:
    made = recorded(lambda: Zone("z", ZoneArgs("example.test", ["a.test"], {"api": "192.0.2.1"})))
    first = {request.name: request.deleteBeforeReplace for request in made.requests.values()}
    assert {name for name, yes in first.items() if yes} == {"z-a-api", "z-caa-a.test"}


REFUSED = [
    ({"type": "CNAME", "name": "www", "value": "no-dot.test"}, "final dot: no-dot.test."),
    ({"type": "MX", "value": "no-dot.test", "priority": 1}, "final dot: no-dot.test."),
    (
        {"type": "CAA", "value": "no-dot.test", "flags": 0, "tag": "issue"},
        "final dot: no-dot.test.",
    ),
    (
        {"type": "CAA", "value": "mailto:a@b.test.", "flags": 0, "tag": "iodef"},
        "without a final dot: mailto:a@b.test",
    ),
    ({"type": "PTR", "value": "x."}, "Input should be"),
    ({"type": "TXT", "value": "x", "ttl": 5}, "greater than or equal to 30"),
]


@pytest.mark.parametrize(("fields", "reason"), REFUSED)
def test_a_record_that_the_api_would_refuse_is_refused_here(
    fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        Record.model_validate(fields)


INCOMPLETE = [
    {"type": "MX", "value": "mail.test."},
    {"type": "SRV", "name": "_sip._tcp", "value": "sip.test.", "priority": 1, "weight": 1},
    {"type": "SRV", "name": "_sip._tcp", "value": "sip.test.", "priority": 1, "port": 1},
    {"type": "SRV", "name": "_sip._tcp", "value": "sip.test.", "port": 1, "weight": 1},
    {"type": "CAA", "value": "a.test.", "flags": 0},
    {"type": "CAA", "value": "a.test.", "tag": "issue"},
]


@pytest.mark.parametrize("fields", INCOMPLETE, ids=str)
def test_a_record_that_lacks_what_its_type_needs_is_refused_here(fields: dict[str, Any]) -> None:
    # The provider itself asks for these, but only in a preview with the real plugin.
    with pytest.raises(ValidationError):
        Record.model_validate(fields)
