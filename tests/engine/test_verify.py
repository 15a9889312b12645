"""`ops verify` after a real `up`: all is well, until something is broken in the cloud."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from by_hand import State, brought_up, by_hand, named, only
from conftest import Engine

from rehearsal.network import simulated_network

pytestmark = [pytest.mark.engine, pytest.mark.soak]
Told = dict[str, str]


def _bad(engine: Engine, code: int) -> Told:
    """What is bad, and why; nothing of the cloud is written meanwhile."""
    file = engine.folder / "cloud.json"
    before = file.read_bytes()
    found = json.loads(engine.ops("verify", "--format", "json", code=code).stdout)["findings"]
    assert file.read_bytes() == before
    shown = {f"{each['part']}: {each['name']}": each for each in found}
    assert len(shown) > 40
    return {name: each["told"] for name, each in shown.items() if each["state"] == "bad"}


# What somebody does by hand, and the beginning of what is told of each thing that it breaks.
BREAKS: list[tuple[str, Callable[[State], bool], Callable[[State], object] | None, Told]] = [
    (
        "DnsRecord",
        named("api"),
        lambda state: state.update(value="198.18.0.9"),
        {
            "names: api.stage.krotrust.com A": "198.18.0.9; the state says",
            "URLs: https://api.stage.krotrust.com/health": "at 127.0.0.1: 502",
        },
    ),
    (
        "Droplet",
        only,
        None,
        {
            "droplets: krotrust-droplet": "the state has it as",
            "URLs: https://admin.stage.krotrust.com/": "at 127.0.0.1: 502",
            "URLs: https://api.stage.krotrust.com/health": "at 127.0.0.1: 502",
            "URLs: https://app.stage.krotrust.com/": "at 127.0.0.1: 502",
            "URLs: https://app2.stage.krotrust.com/": "at 127.0.0.1: 502",
        },
    ),
    (
        "DatabaseFirewall",
        lambda state: bool(state["rules"][0]["type"] == "droplet"),
        lambda state: state["rules"].append({"type": "ip_addr", "value": "198.18.0.7"}),
        {
            "databases: krotrust-database-cluster: trusted sources": (
                "ip_addr 198.18.0.7 is trusted and not declared"
            )
        },
    ),
]


def test_after_an_up_all_is_well_until_somebody_breaks_something(tmp_path: Path) -> None:
    engine = brought_up(tmp_path)
    file = tmp_path / "cloud.json"
    with simulated_network(file) as variables:
        engine.environ |= variables
        assert _bad(engine, code=0) == {}
        sound = file.read_bytes()
        for kind, which, change, wanted in BREAKS:
            by_hand(engine, kind, which, change)
            found = _bad(engine, code=1)
            assert set(found) == set(wanted)
            assert all(found[name].startswith(said) for name, said in wanted.items())
            file.write_bytes(sound)
