"""Which thing of the account each planned resource is: asked of the read-only view, as it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import live_estate as estate
import pytest
from conftest import changed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_estate import Seed

import rehearsal
from ops.account.client import Account, visit
from ops.account.live import Live
from ops.adopt.match import NONE, Survey, match
from ops.cli.errors import UsageError
from ops.plan.graph import Graph, Resource, build

Look = Callable[..., Survey]
MACHINE = {"image": "debian-12-x64", "region": "fra1", "size": "s-1vcpu-1gb"}
FOREIGN = (
    "309999999",
    "somebody-else.test",
    "backups-of-x",
    estate.FOREIGN,
    estate.uuid(31),
)


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Survey the live estate's cloud with some more things in it."""

    def survey_of(
        *more: Seed,
        managed: Mapping[str, str] | None = None,
        chosen: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Survey:
        cloud = tmp_path / "cloud.json"
        estate.seed(cloud, *more)
        with visit(rehearsal.environment(cloud)) as account:
            return match(_planned(**settings), account, managed or {}, chosen or {})

    return survey_of


def _planned(**settings: Any) -> Graph:
    changes = {path.replace("_", "."): value for path, value in settings.items()}
    return build(changed("prod", {**estate.SETTINGS, **changes}))


def _names(found: Sequence[Live]) -> list[str]:
    return [live.name for live in found]


def _record(number: str, **state: Any) -> Seed:
    return Seed("DnsRecord", number, {"domain": "krotrust.com", **state})


def _droplet(identity: str, name: str, address: str, network: str = estate.NETWORK) -> Seed:
    there = {"name": name, "ipv4Address": address, "vpcUuid": network, "tags": []}
    return Seed("Droplet", identity, {**MACHINE, **there})


def test_a_droplet_is_the_one_that_its_names_point_to(look: Look) -> None:
    found = look(_droplet("5", "web-2", "198.18.1.1"))
    assert found.matched["krotrust-droplet"].id == estate.DROPLET
    assert "web-2" in _names(found.unmanaged)


def test_a_name_and_an_address_that_mean_two_droplets_are_asked(look: Look) -> None:
    found = look(_droplet("5", "kro-prod", "198.18.1.1"))
    assert {live.id for live in found.unclear["krotrust-droplet"]} == {estate.DROPLET, "5"}
    assert "kro-prod" not in _names(found.unmanaged)
    assert found.waiting["krotrust-firewall"] == ["krotrust-droplet"]
    assert found.waiting["krotrust-alert-cpu"] == ["krotrust-droplet"]
    assert found.waiting["krotrust-zone-a-api"] == ["krotrust-droplet"]


def test_names_that_point_at_two_droplets_are_asked(look: Look) -> None:
    moved = _record("5007", type="A", name="app2", value="198.18.1.1")
    found = look(_droplet("5", "web-2", "198.18.1.1"), moved)
    assert {live.id for live in found.unclear["krotrust-droplet"]} == {estate.DROPLET, "5"}


def test_names_that_point_at_a_reserved_address_lead_to_its_droplet(look: Look) -> None:
    address = "198.18.200.1"
    names = ("api", "app", "admin", "app2")
    records = [
        _record(f"{5004 + n}", type="A", name=name, value=address) for n, name in enumerate(names)
    ]
    held = Seed("ReservedIp", address, {"region": "fra1", "dropletId": int(estate.DROPLET)})
    found = look(held, *records, krotrust_reservedIp=True)
    assert found.matched["krotrust-droplet"].id == estate.DROPLET
    assert found.matched["krotrust-address"].id == address
    assert found.matched["krotrust-zone-a-api"].id == "5004"


def test_a_key_is_known_by_what_opens_and_only_asked_for_by_its_name(look: Look) -> None:
    found = look()
    assert found.matched["krotrust-droplet-key"].id == "7001"
    other = {"name": "kro-prod-ssh", "publicKey": "ssh-ed25519 AAAAother kro@devops"}
    found = look(Seed("SshKey", "7002", other), krotrust_ssh_publicKey="ssh-ed25519 AAAAnew test")
    assert _names(found.unclear["krotrust-droplet-key"]) == ["kro-prod-ssh"]
    assert "kro-devops" in _names(found.unmanaged)


def test_records_are_known_by_name_type_and_value(look: Look) -> None:
    records = [
        {"type": "CNAME", "name": "www", "value": "krotrust.com."},
        {"type": "CNAME", "name": "em1234", "value": "elsewhere.test."},
        {"type": "MX", "value": "MX2.mail.test.", "priority": 20, "label": "second"},
        {"type": "TXT", "name": "krotrust._domainkey", "value": "v=DKIM1; k=rsa; p=mIGf"},
        {"type": "CAA", "value": "letsencrypt.org.", "flags": 0, "tag": "issuewild"},
        {"type": "TXT", "name": "nowhere", "value": "x"},
    ]
    found = look(krotrust_records=records)
    assert found.matched["krotrust-zone-cname-www"].id == "5009"
    assert found.matched["krotrust-zone-mx-second"].id == "5013"
    assert found.matched["krotrust-zone-caa-apex"].id == "5011"
    assert found.matched["krotrust-zone-caa-letsencrypt.org"].id == "5010"
    # A name has one CNAME, so that this is most likely a change; of texts it has many.
    assert [live.id for live in found.unclear["krotrust-zone-cname-em1234"]] == ["5016"]
    missing = {resource.name for resource in found.missing}
    assert {"krotrust-zone-txt-krotrust._domainkey", "krotrust-zone-txt-nowhere"} <= missing
    assert not [live for live in found.unmanaged if live.inputs.get("type") in ("NS", "SOA")]


def test_a_bucket_elsewhere_or_under_another_name_is_asked_for(look: Look) -> None:
    files, media = "krotrust-files-bucket", "krogiving-media-files-bucket"
    found = look(krotrust_bucket={"name": "far-away", "region": "syd1"})
    assert found.unclear[files][0].import_id == "ams3,far-away"
    found = look(krogiving_media={"name": "media", "region": "fra1"})
    assert _names(found.unclear[media]) == ["backups-of-x", "giv-prod-media"]
    assert found.waiting["krogiving-media-cdn"] == [media]
    found = look(
        krogiving_media={"name": "media", "region": "fra1"}, chosen={media: "fra1,giv-prod-media"}
    )
    assert found.matched["krogiving-media-cdn"].id == estate.CDN
    assert found.waiting.keys().isdisjoint({media, "krogiving-media-cdn"})


def test_one_thing_that_two_resources_may_be_is_certain_of_neither(look: Look) -> None:
    hosts = ("www.krogiving.com", "admin.krogiving.com", "krogiving.com")
    site = Seed("App", estate.FRONTEND, {"spec": estate.site("sites", *hosts)})
    nothing = Seed("App", estate.ADMIN, {"spec": estate.site("another", "another.test")})
    asked = {"krogiving-frontend-app", "krogiving-admin-app"}
    found = look(site, nothing)
    assert {name: _names(found.unclear[name]) for name in asked} == {
        name: ["sites"] for name in asked
    }
    found = look(site, nothing, chosen={"krogiving-admin-app": estate.FRONTEND})
    assert found.matched["krogiving-admin-app"].name == "sites"
    assert "krogiving-frontend-app" in [resource.name for resource in found.missing]


def test_an_app_is_known_by_any_of_its_names(look: Look) -> None:
    hosts = ("donate.krogiving.com", "www.krogiving.com", "krogiving.com")
    site = Seed("App", estate.FRONTEND, {"spec": estate.site("sites", *hosts)})
    assert look(site).matched["krogiving-frontend-app"].name == "sites"


def test_who_chooses_a_cluster_gets_what_stands_in_it(look: Look) -> None:
    chosen = {"krogiving-postgresql-cluster": estate.GIVING, "krogiving-mongodb-cluster": NONE}
    found = look(chosen=chosen)
    assert found.matched["krogiving-postgresql-cluster"].name == "giv-db"
    assert found.matched["krogiving-postgresql-trusted-sources"].id == estate.GIVING
    assert _names(found.unclear["krogiving-postgresql-db"]) == ["giv-db/giv_production"]
    assert _names(found.unclear["krogiving-postgresql-user"]) == ["giv-db/giv_app"]
    missing = {resource.name for resource in found.missing}
    assert {f"krogiving-mongodb-{each}" for each in ("cluster", "db", "user")} <= missing
    assert {"analytics", "giv-mongo"} <= {*_names(found.unmanaged)}


def test_ids_agree_as_numbers_and_as_texts(look: Look) -> None:
    alert = {"type": "v1/insights/droplet/cpu", "entities": [estate.DROPLET], "value": 95}
    rest = {"compare": "GreaterThan", "window": "5m", "description": "cpu", "enabled": True}
    found = look(Seed("MonitorAlert", "a-1", {**alert, **rest, "alerts": {"emails": []}}))
    assert found.matched["krotrust-alert-cpu"].id == "a-1"
    assert [live.id for live in found.unclear["krotrust-firewall"]] == [estate.FIREWALL]


def test_what_the_state_holds_is_managed_and_its_double_is_told(look: Look) -> None:
    chosen = {"krotrust-droplet": estate.DROPLET}  # said again
    managed = {
        "krotrust-droplet": estate.DROPLET,
        "krotrust-zone-a-gone": "5009",
        "old": "309999999",
    }
    found = look(_droplet("5", "kro-prod", "198.18.1.1"), managed=managed, chosen=chosen)
    assert found.managed["krotrust-droplet"].id == estate.DROPLET
    assert _names(found.twins["krotrust-droplet"]) == ["kro-prod"]
    assert found.matched["krotrust-zone-a-api"].id == "5004"
    # What the plan has dropped is no stranger: an `up` would delete it.
    assert not {"5009", "309999999"} & {live.id for live in found.unmanaged}


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"nobody": "1"}, "^the plan has no resource nobody to choose for$"),
        ({"krotrust": "1"}, "^the plan has no resource krotrust to choose for$"),
        (
            {"krotrust-droplet": "1"},
            f"^krotrust-droplet cannot be '1': there are {estate.DROPLET}, 309999999, or none$",
        ),
        ({"krotrust-files-bucket": "far"}, "cannot be 'far': there are ams3,far-away, fra1,back"),
        ({"krotrust-address": estate.DROPLET}, "^the plan has no resource krotrust-address"),
        (
            {"krotrust-zone-domain": NONE},
            r"^krotrust-zone-domain is krotrust\.com in the state already: nothing to choose$",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_refused(look: Look, chosen: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        look(chosen=chosen, managed={"krotrust-zone-domain": "krotrust.com"})


def test_a_type_that_nobody_knows_how_to_recognise_is_refused() -> None:
    kind = "digitalocean:index/loadBalancer:LoadBalancer"
    it = Resource("urn", kind, "it", "", "it", {}, (), {}, True, (), True)
    with pytest.raises(UsageError, match=r"no rule recognises LoadBalancer: add one to ops/"):
        match(Graph("prod", (it,), {}), cast(Account, None), {}, {})


class Retold:
    """An account that was asked before, and tells the same in another way."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.told: dict[Any, Any] = {}
        self.way: Callable[[list[Any]], list[Any]] = list

    def survey(self, planned: Graph, way: Callable[[list[Any]], list[Any]] = list) -> Survey:
        self.way = way
        return match(planned, cast(Account, self), {}, {})

    def read(self, name: str, *ids: Any) -> list[Any]:
        return self.way(self.account.read(name, *ids))

    def spaces(self, region: str) -> Any:
        if region not in self.told:
            self.told[region] = self.account.spaces(region)
            self.told["buckets", region] = self.told[region].list_buckets()["Buckets"]
        buckets = self.way(self.told["buckets", region])
        cors = self.told[region].get_bucket_cors
        return SimpleNamespace(list_buckets=lambda: {"Buckets": buckets}, get_bucket_cors=cors)


@pytest.fixture(scope="module")
def retold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retold]:
    cloud = tmp_path_factory.mktemp("retold") / "cloud.json"
    estate.seed(cloud)
    with visit(rehearsal.environment(cloud)) as account:
        yield Retold(account)


@pytest.fixture(scope="module")
def planned() -> Graph:
    return _planned()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=10)
@given(chance=st.randoms(use_true_random=False))
def test_in_which_order_the_account_tells_makes_no_difference(
    retold: Retold, planned: Graph, chance: random.Random
) -> None:
    plain = retold.survey(planned)
    mixed = retold.survey(planned, lambda told: chance.sample(told, len(told)))
    assert mixed.matched == plain.matched
    assert mixed.lost == plain.lost
    assert mixed.missing == plain.missing
    assert mixed.waiting == plain.waiting
    assert mixed.unclear.keys() == plain.unclear.keys()
    assert {*map(str, mixed.unmanaged)} == {*map(str, plain.unmanaged)}


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=10)
@given(hidden=st.sets(st.sampled_from(FOREIGN)))
def test_what_is_somebody_else_s_changes_no_match(
    retold: Retold, planned: Graph, hidden: set[str]
) -> None:
    plain = retold.survey(planned)
    fewer = retold.survey(planned, lambda told: [e for e in told if not hidden & _marks(e)])
    assert fewer.matched == plain.matched
    assert fewer.missing == plain.missing
    assert not hidden & {live.id for live in fewer.unmanaged}


def _marks(item: Mapping[str, Any]) -> set[str]:
    return {str(item.get(name)) for name in ("id", "name", "Name")}
