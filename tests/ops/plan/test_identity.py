"""Keys identify a resource, however the account spells it."""

from __future__ import annotations

from typing import Any

import pytest

from ops.plan.identity import agree, record_value, single_record, target


@pytest.mark.parametrize("kind", ["CNAME", "TXT"])
def test_capitals_in_the_name_of_a_record_are_no_difference(kind: str) -> None:
    def record(name: str, value: str) -> dict[str, Any]:
        return {"domain": "a.test", "type": kind, "name": name, "value": value}

    assert agree(record_value(record("_Key", "b.test")), record_value(record("_key", "b.test")))
    same_place = single_record(record("_Key", "b.test")), single_record(record("_key", "c.test"))
    assert agree(*same_place) is (kind == "CNAME")
    capitals = record_value(record("_key", "B.test")), record_value(record("_key", "b.test"))
    assert agree(*capitals) is (kind == "CNAME")


@pytest.mark.parametrize(("whole", "short"), [("a.test.", "@"), ("mail.a.test.", "mail")])
def test_the_whole_name_of_a_record_is_its_name_in_the_zone(whole: str, short: str) -> None:
    record = {"domain": "a.test", "type": "TXT", "value": "x"}
    one, other = ({**record, "name": name} for name in (whole, short))
    assert agree(record_value(one), record_value(other))
    assert not agree(record_value(one), record_value({**record, "name": "a.test"}))


def test_a_slash_at_the_end_of_what_a_check_asks_is_no_difference() -> None:
    site, slash, page = ({"target": f"https://a.test{end}"} for end in ("", "/", "/health"))
    assert agree(target(site), target(slash))
    assert not agree(target(site), target(page))
    assert not agree(target({}), target({}))
