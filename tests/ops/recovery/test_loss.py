"""From what a person calls a loss to the resources of the plan."""

from __future__ import annotations

import pytest
from conftest import STACKS
from recoveries import case, known

from ops.cli.errors import UsageError
from ops.recovery.kinds import KINDS, LossKind
from ops.recovery.loss import BY_TYPE, find, losable

JWT = "KROGIVING__JWT_SECRET_KEY"
QUERIES: list[tuple[str, LossKind, str]] = [
    # by logical name
    ("krotrust-droplet", "droplet", "krotrust-droplet"),
    ("krotrust-droplet ", "droplet", "krotrust-droplet"),
    ("krogiving-postgresql-cluster", "database", "krogiving-postgresql-cluster"),
    ("krogiving-admin-app", "app", "krogiving-admin-app"),
    ("krotrust-zone-domain", "zone", "krotrust-zone-domain"),
    ("krogiving-media-files-bucket", "bucket", "krogiving-media-files-bucket"),
    ("krotrust-firewall", "part", "krotrust-firewall"),
    ("krotrust-zone-a-api", "part", "krotrust-zone-a-api"),
    ("pencom-vps-3", "host", "pencom-vps-3"),
    ("pencom-core", "service", "pencom-core"),
    ("pencom-postgresql", "store", "pencom-postgresql"),
    # by what DigitalOcean or its host calls it
    ("kro-prod-db-cluster", "database", "krotrust-database-cluster"),
    ("giv-prod-mongodb", "database", "krogiving-mongodb-cluster"),
    ("krogiving-backend", "app", "krogiving-backend-app"),
    ("kro-prod-files", "bucket", "krotrust-files-bucket"),
    ("krotrust.com", "zone", "krotrust-zone-domain"),
    ("vps-3", "host", "pencom-vps-3"),
    ("core", "service", "pencom-core"),
    ("postgresql", "store", "pencom-postgresql"),
    ("pencom_audit", "store", "pencom-postgresql/pencom_audit"),
    ("postgresql/pencom_audit", "store", "pencom-postgresql/pencom_audit"),
    # by the component around it
    ("krotrust-database", "database", "krotrust-database-cluster"),
    ("krogiving-media", "bucket", "krogiving-media-files-bucket"),
    # by what people see of it
    ("https://api.krotrust.com/health", "droplet", "krotrust-droplet"),
    ("https://app.krotrust.com", "droplet", "krotrust-droplet"),
    ("admin.krotrust.com", "droplet", "krotrust-droplet"),
    ("https://krogiving.com", "app", "krogiving-frontend-app"),
    ("api.krogiving.com", "app", "krogiving-backend-app"),
    # what is no resource
    ("fra1", "region", "fra1"),
    (JWT, "secret", JWT),
    ("state", "state", "state"),
    ("up", "up", "up"),
]


@pytest.mark.parametrize(("query", "kind", "name"), QUERIES)
def test_a_loss_is_found_by_any_of_its_names(query: str, kind: LossKind, name: str) -> None:
    loss = case(query).loss
    assert (loss.kind, loss.name) == (kind, name)


def test_every_kind_of_loss_is_found() -> None:
    assert {kind for _, kind, _ in QUERIES} == KINDS


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("kro-prod", ["krotrust-droplet, krotrust-vpc", "say which"]),
        ("krogiving.com", ["several things", "krogiving-frontend-app, krogiving-zone-domain"]),
        ("krotrust", ["several things", "krotrust-database-cluster, krotrust-droplet"]),
        ("krotrust-dropet", ["nothing is called krotrust-dropet", "krotrust-droplet"]),
        ("Oracle", ["nothing is called Oracle", "oracle-ecrs"]),
        ("ams3", ["nothing is called ams3", "`python -m ops plan` lists all"]),  # dr's, not prod's
        ("KROTRUST__PRODUCTION_JSON", ["nothing is called"]),  # no resource carries its value
        ("ESTATE__SEAL_KEY", ["no app of prod", "config rm --stack prod estate:seals", "ops up"]),
        ("oracle-ecrs", ["not ours to recover", "`python -m ops blast oracle-ecrs`", "contacts"]),
        ("SendGrid", ["not ours to recover", "`python -m ops blast SendGrid`", "contacts"]),
    ],
)
def test_an_ambiguous_unknown_or_foreign_name_is_refused(query: str, parts: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        case(query)
    assert [part for part in parts if part not in str(refused.value)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_listed_loss_is_found_by_its_name(stack: str) -> None:
    _, graph, dependencies = known(stack)
    listed = losable(graph, dependencies)
    assert [find(graph, dependencies, loss.name) for loss in listed] == listed
    assert len({loss.name.lower() for loss in listed}) == len(listed)  # as names of files, too
    main = {each.name for each in graph.resources if each.type in BY_TYPE}
    assert main | {"state", "up"} < {loss.name for loss in listed}


def test_the_loss_of_a_region_is_that_of_all_resources_in_it() -> None:
    _, graph, _ = known("prod")
    kinds = {"Droplet", "DatabaseCluster", "App", "SpacesBucket", "Vpc"}
    inside = {each.name for each in graph.resources if each.kind in kinds}
    assert case("fra1").loss.starts == inside


@pytest.mark.parametrize("stack", STACKS)
def test_the_loss_of_a_secret_affects_the_apps_that_have_it(stack: str) -> None:
    assert case(JWT, stack).loss.starts == {"krogiving-backend-app"}
    assert JWT in [loss.name for loss in losable(*known(stack)[1:])]
