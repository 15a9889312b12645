"""Public names against the state: each wrong answer is found, and told with what is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_estate import INGRESS, INGRESS_ADDRESS, bad, state_of, told, whole, write

from ops.cli.errors import UsageError
from ops.verify import names
from rehearsal.network import simulated_network

STATE = state_of(whole())


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The cloud's file, which is read anew for each question, and who answers them."""
    file = tmp_path_factory.mktemp("far") / "cloud.json"
    with simulated_network(file) as variables:
        yield file, variables["ESTATE_NAMESERVER"]


def _look(far: tuple[Path, str], cloud: dict[str, Any]) -> dict[str, Any]:
    file, nameserver = far
    write(file, cloud)
    return told(names.looks(STATE, nameserver))


def test_what_resolves_as_the_state_says_is_ok(far: tuple[Path, str]) -> None:
    found = _look(far, whole())
    assert {name: each.told for name, each in found.items()} == {
        "names: api.kro.test A": "198.18.0.7",
        "names: kro.test CAA": '0 issue "letsencrypt.org"',
        "names: old.kro.test CNAME": "api.kro.test.",
        "names: giv.test": f"{INGRESS_ADDRESS}: {INGRESS}",
        "names: www.giv.test": f"an alias of {INGRESS}",
        "names: api.giv.test": f"an alias of {INGRESS}",
    }
    assert {each.state for each in found.values()} == {"ok"}


@pytest.mark.parametrize(
    ("record", "value", "name", "said"),
    [
        ("1", "198.18.0.8", "api.kro.test A", "198.18.0.8; the state says 198.18.0.7"),
        ("2", "evil.test.", "kro.test CAA", '0 issue "evil.test"; the state says'),
        ("3", "kro.test.", "old.kro.test CNAME", "kro.test.; the state says api.kro.test."),
    ],
)
def test_a_record_of_another_value_is_bad(
    far: tuple[Path, str], record: str, value: str, name: str, said: str
) -> None:
    cloud = whole()
    cloud[f"DnsRecord/{record}"]["state"]["value"] = value
    found = _look(far, cloud)
    (wrong,) = bad(found).items()
    assert wrong[0] == f"names: {name}"
    assert wrong[1].startswith(said)
    assert "--nameserver" in found[wrong[0]].mend


def test_a_second_record_beside_the_right_one_is_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    other = {**cloud["DnsRecord/1"]["state"], "value": "198.18.0.9"}
    cloud["DnsRecord/9"] = {**cloud["DnsRecord/1"], "state": other}
    told_of = "198.18.0.7, 198.18.0.9; the state says 198.18.0.7"
    assert bad(_look(far, cloud)) == {"names: api.kro.test A": told_of}


def test_a_record_that_is_gone_is_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    del cloud["DnsRecord/1"]
    del cloud["DnsRecord/2"]
    assert bad(_look(far, cloud)) == {
        "names: api.kro.test A": "does not exist; the state says 198.18.0.7",
        "names: kro.test CAA": 'nothing; the state says 0 issue "letsencrypt.org"',
    }


def test_names_that_their_app_lost_are_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    cloud["App/a-1"]["state"]["spec"]["domainNames"] = [{"name": "api.giv.test"}]
    found = bad(_look(far, cloud))
    assert found["names: www.giv.test"].startswith("does not exist; the state says the-a-1")
    assert found["names: giv.test"].startswith("nothing; the state says the-a-1")
    assert len(found) == 2


def test_a_name_that_leads_to_another_app_is_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    cloud["App/a-2"] = whole()["App/a-1"]
    cloud["App/a-2"]["state"]["defaultIngress"] = "https://other.rehearsal.test"
    cloud["App/a-1"]["state"]["spec"]["domainNames"] = []
    found = bad(_look(far, cloud))
    assert set(found) == {"names: giv.test", "names: www.giv.test", "names: api.giv.test"}
    assert found["names: giv.test"].endswith(f"{INGRESS}, at {INGRESS_ADDRESS}")


def test_an_app_that_the_state_knows_no_ingress_of_is_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    del cloud["App/a-1"]["state"]["defaultIngress"]
    found = bad(told(names.looks(state_of({"App/a-1": cloud["App/a-1"]}), far[1])))
    assert set(found.values()) == {"the state does not know where the-a-1 is served"}


def test_a_server_that_does_not_answer_is_bad_for_every_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(names, "LIMIT", 0.1)
    found = told(names.looks(STATE, "127.0.0.1:1"))
    assert len(bad(found)) == len(found) == 6
    assert all("no answer" in each.told for each in found.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "allowed is HOST or HOST:PORT"),
        ("127.0.0.1:dns", "allowed is HOST or HOST:PORT"),
        ("me@127.0.0.1/x", "allowed is HOST or HOST:PORT"),
        ("no-such-host.invalid", "no-such-host.invalid is not resolved"),
    ],
)
def test_a_server_that_cannot_be_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        list(names.looks(STATE, text))
