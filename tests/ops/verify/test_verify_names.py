"""Public names against the state: each wrong answer is bad, and shows what is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_estate import INGRESS, INGRESS_ADDRESS, bad, run, state_of, whole, write

from ops.cli.errors import UsageError
from ops.verify import names
from rehearsal.network import playing

STATE = state_of(whole())


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The cloud's file, read for each query, and the name server."""
    file = tmp_path_factory.mktemp("far") / "cloud.json"
    with playing(file) as variables:
        yield file, variables["ESTATE_NAMESERVER"]


def _look(far: tuple[Path, str], cloud: dict[str, Any]) -> dict[str, Any]:
    file, nameserver = far
    write(file, cloud)
    return run(names.checks(STATE, nameserver))


def test_a_name_that_resolves_as_recorded_is_ok(far: tuple[Path, str]) -> None:
    results = _look(far, whole())
    assert {name: each.detail for name, each in results.items()} == {
        "names: api.kro.test A": "198.18.0.7",
        "names: kro.test CAA": '0 issue "letsencrypt.org"',
        "names: old.kro.test CNAME": "api.kro.test.",
        "names: giv.test": f"{INGRESS_ADDRESS}: {INGRESS}",
        "names: www.giv.test": f"an alias of {INGRESS}",
        "names: api.giv.test": f"an alias of {INGRESS}",
    }
    assert {each.state for each in results.values()} == {"ok"}


@pytest.mark.parametrize(
    ("record", "value", "name", "detail"),
    [
        ("1", "198.18.0.8", "api.kro.test A", "198.18.0.8; recorded is 198.18.0.7"),
        ("2", "evil.test.", "kro.test CAA", '0 issue "evil.test"; recorded is'),
        ("3", "kro.test.", "old.kro.test CNAME", "kro.test.; recorded is api.kro.test."),
    ],
)
def test_a_record_of_another_value_is_bad(
    far: tuple[Path, str], record: str, value: str, name: str, detail: str
) -> None:
    cloud = whole()
    cloud[f"DnsRecord/{record}"]["state"]["value"] = value
    results = _look(far, cloud)
    (wrong,) = bad(results).items()
    assert wrong[0] == f"names: {name}"
    assert wrong[1].startswith(detail)
    assert "--nameserver" in results[wrong[0]].repair


def test_a_second_record_beside_the_right_one_is_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    other = {**cloud["DnsRecord/1"]["state"], "value": "198.18.0.9"}
    cloud["DnsRecord/9"] = {**cloud["DnsRecord/1"], "state": other}
    detail = "198.18.0.7, 198.18.0.9; recorded is 198.18.0.7"
    assert bad(_look(far, cloud)) == {"names: api.kro.test A": detail}


def test_a_missing_record_is_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    del cloud["DnsRecord/1"]
    del cloud["DnsRecord/2"]
    assert bad(_look(far, cloud)) == {
        "names: api.kro.test A": "does not exist; recorded is 198.18.0.7",
        "names: kro.test CAA": 'nothing; recorded is 0 issue "letsencrypt.org"',
    }


def test_names_that_an_app_no_longer_has_are_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    cloud["App/a-1"]["state"]["spec"]["domainNames"] = [{"name": "api.giv.test"}]
    results = bad(_look(far, cloud))
    assert results["names: www.giv.test"].startswith("does not exist; recorded is the-a-1")
    assert results["names: giv.test"].startswith("nothing; recorded is the-a-1")
    assert len(results) == 2


def test_a_name_that_leads_to_another_app_is_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    cloud["App/a-2"] = whole()["App/a-1"]
    cloud["App/a-2"]["state"]["defaultIngress"] = "https://other.rehearsal.test"
    cloud["App/a-1"]["state"]["spec"]["domainNames"] = []
    results = bad(_look(far, cloud))
    assert set(results) == {"names: giv.test", "names: www.giv.test", "names: api.giv.test"}
    assert results["names: giv.test"].endswith(f"{INGRESS}, at {INGRESS_ADDRESS}")


def test_an_app_without_a_recorded_ingress_is_bad(far: tuple[Path, str]) -> None:
    cloud = whole()
    del cloud["App/a-1"]["state"]["defaultIngress"]
    results = bad(run(names.checks(state_of({"App/a-1": cloud["App/a-1"]}), far[1])))
    assert set(results.values()) == {"the state does not record where the-a-1 is served"}


def test_a_silent_name_server_is_bad_for_every_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(names, "LIMIT", 0.1)
    results = run(names.checks(STATE, "127.0.0.1:1"))
    assert len(bad(results)) == len(results) == 6
    assert all("no answer" in each.detail for each in results.values())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "allowed is HOST or HOST:PORT"),
        ("127.0.0.1:dns", "allowed is HOST or HOST:PORT"),
        ("me@127.0.0.1/x", "allowed is HOST or HOST:PORT"),
        ("no-such-host.invalid", "no-such-host.invalid cannot be resolved"),
    ],
)
def test_an_impossible_name_server_is_refused(text: str, error: str) -> None:
    with pytest.raises(UsageError, match=error):
        list(names.checks(STATE, text))
