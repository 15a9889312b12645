"""What each export says of a host or a service, and that it changes with the facts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from inventories import SETTINGS, inventory_of, moved, planned, prod, with_service

from components import inventory as facts
from components.facts.pencom import INVENTORY, SERVICES
from ops.cli.errors import UsageError
from ops.pencom import export
from ops.pencom.inventory import Inventory
from ops.plan import rendered
from ops.plan.changes import changes

FORMATS = sorted(export.FORMATS)


def _file(inventory: Inventory, form: str, name: str) -> str:
    return export.texts(inventory, form)[name]


def _pm2(text: str) -> list[dict[str, Any]]:
    document = re.fullmatch(r"//[^\n]*\nmodule\.exports = (.*);\n", text, re.S)
    assert document
    apps: list[dict[str, Any]] = json.loads(document[1])["apps"]
    return apps


@pytest.mark.parametrize("form", FORMATS)
def test_every_file_says_what_wrote_it(form: str) -> None:
    for name, text in export.texts(prod(), form).items():
        comment = "//" if name.endswith(".js") else "#"
        wrote = f"{comment} Written by `python -m ops inventory --stack prod --format {form}`"
        assert text.startswith(wrote), name


def test_ansible_groups_by_role_exposure_service_and_store() -> None:
    document = yaml.safe_load(_file(prod(), "ansible", "inventory.yml"))["all"]
    assert document["vars"] == {"pencom_stack": "prod", "pencom_folder": "/opt/pencom-project"}
    assert document["hosts"]["vps-3"] == {
        "ansible_host": "10.20.0.13",
        "ansible_port": 22,
        "pencom_role": "databases",
        "pencom_exposure": "internal",
        "pencom_carries": ["postgresql", "mongodb", "redis"],
    }
    groups = document["children"]
    assert {name: sorted(group["hosts"]) for name, group in groups.items()} == {
        "role_ingress": ["vps-1"],
        "role_services": ["vps-2"],
        "role_databases": ["vps-3"],
        "role_object_storage": ["vps-4"],
        "exposure_internet": ["vps-1"],
        "exposure_internal": ["vps-2", "vps-3", "vps-4"],
        **{f"service_{name.replace('-', '_')}": ["vps-2"] for name in SERVICES},
        "service_api_gateway": ["vps-1"],
        "service_external_gateway": ["vps-1"],
        **{f"store_{name}": ["vps-3"] for name in ("postgresql", "mongodb", "redis")},
        "store_minio": ["vps-4"],
    }
    assert groups["exposure_internal"]["vars"] == {
        "ansible_ssh_common_args": "-o ProxyJump=203.0.113.20:22"
    }
    assert groups["service_payments"]["vars"] == {
        "pencom_payments": {
            "ports": {"http": 5000, "tcp": 5001},
            "entry_point": "dist/apps/payments/src/main.js",
            "process_manager": "pm2",
            "health_url": "http://10.20.0.12:5000/health",
            "start_wave": 2,
            "calls": ["core", "audit"],
            "stores": ["postgresql/pencom_payments"],
        }
    }


def test_pm2_gets_entry_points_and_ports_of_each_host() -> None:
    files = export.texts(prod(), "pm2")
    assert set(files) == {"ecosystem.vps-1.config.js", "ecosystem.vps-2.config.js"}
    first, second = _pm2(files["ecosystem.vps-1.config.js"])
    assert first == {
        "name": "api-gateway",
        "cwd": "/opt/pencom-project",
        "script": "dist/apps/api-gateway/main.js",
        "instances": 1,
        "exec_mode": "fork",
        "env": {"API_GATEWAY_SERVICE_PORT": "3000", "API_GATEWAY_TCP_PORT": "3001"},
    }
    assert second["env"] == {"EXTERNAL_API_GATEWAY_SERVICE_PORT": "3010"}
    assert [app["name"] for app in _pm2(files["ecosystem.vps-2.config.js"])] == list(
        INVENTORY.hosts["vps-2"].carries
    )


def test_there_is_no_ecosystem_file_under_docker() -> None:
    with pytest.raises(UsageError, match="processManager to pm2"):
        export.texts(inventory_of(planned(processManager="docker")), "pm2")


def test_prometheus_watches_every_host_and_every_service() -> None:
    files = export.texts(prod(), "prometheus")
    nodes = yaml.safe_load(files["targets/nodes.yml"])
    assert [each["targets"] for each in nodes] == [
        ["203.0.113.20:9100"],
        ["10.20.0.12:9100"],
        ["10.20.0.13:9100"],
        ["10.20.0.14:9100"],
    ]
    health = yaml.safe_load(files["targets/health.yml"])
    assert {each["labels"]["service"] for each in health} == set(SERVICES)
    assert health[0] == {
        "targets": ["http://203.0.113.20:3000/health"],
        "labels": {"stack": "prod", "host": "vps-1", "service": "api-gateway"},
    }


def test_ssh_reaches_an_internal_host_through_the_ingress_host() -> None:
    blocks = _file(prod(), "ssh", "ssh_config").partition("\n")[2].split("\n\n")
    assert blocks[0] == "Host vps-1\n  HostName 203.0.113.20\n  Port 22"
    assert blocks[2] == "Host vps-3\n  HostName 10.20.0.13\n  Port 22\n  ProxyJump vps-1"


def test_the_database_host_lets_in_its_users_and_nobody_else() -> None:
    chain = (
        _file(prod(), "firewall", "vps-3.nft").partition("chain input")[2].partition("}\n  c")[0]
    )
    accepted = [line.strip() for line in chain.splitlines() if "dport" in line]
    assert accepted == [
        "ip saddr { 203.0.113.20 } tcp dport 22 accept",
        "ip saddr { 203.0.113.20 } tcp dport 5432 accept",
        "ip saddr { 10.20.0.12 } tcp dport 5432 accept",
        "ip saddr { 10.20.0.12 } tcp dport 6379 accept",
        "ip saddr { 10.20.0.12 } tcp dport 9100 accept",
        "ip saddr { 10.20.0.12 } tcp dport 27017 accept",
    ]


@pytest.mark.parametrize("hook", ["input", "forward", "output"])
def test_a_host_drops_what_no_rule_lets_in_through_or_out(hook: str) -> None:
    """A container's published port would come in by the forward chain, past the rules for input."""
    for name, rules in export.texts(prod(), "firewall").items():
        chain = rules.partition(f"chain {hook} {{\n")[2].partition("\n  }")[0]
        first = f"type filter hook {hook} priority filter; policy drop;"
        assert chain.splitlines()[0].strip() == first, name
        assert (hook == "forward") == (len(chain.splitlines()) == 1), name


def test_an_allow_list_may_hold_networks_of_both_kinds_that_overlap() -> None:
    allowed = ["198.18.0.0/16", "198.18.7.0/24", "2001:db8::/32"]
    rules = _file(inventory_of(planned(sshAllowList=allowed)), "firewall", "vps-1.nft")
    assert "ip saddr { 198.18.0.0/16 } tcp dport 22 accept" in rules
    assert "ip6 saddr { 2001:db8::/32 } tcp dport 22 accept" in rules


def test_a_skeleton_has_what_is_known_and_names_whom_to_ask_for_the_rest() -> None:
    text = _file(prod(), "env", "payments.env")
    known, assumed, blank, secret = text.partition("\n")[2].split("\n\n")
    assert known.splitlines()[6:] == [
        "PAYMENT_SERVICE_HOST=10.20.0.12",
        "PAYMENT_SERVICE_PORT=5000",
        "PAYMENT_SERVICE_TCP_PORT=5001",
        "PAYMENT_DB_HOST=10.20.0.13",
        "PAYMENT_DB_PORT=5432",
        "PAYMENT_DB_NAME=pencom_payments",
        "PAYMENTS_DB_HOST=10.20.0.13",
        "PAYMENTS_DB_PORT=5432",
        "PAYMENTS_DB_NAME=pencom_payments",
    ]
    assert "PAYMENT_SERVICE_URL=http://10.20.0.12:5000" in known.splitlines()[:6]
    assert assumed.splitlines() == [
        "# assumed: check these",
        "ENVIRONMENT=production",
        "HIGHLIGHT_ENVIRONMENT=production",
        "HIGHLIGHT_PAYMENTS_SERVICE_NAME=payments",
    ]
    assert blank.splitlines()[:3] == [
        "# to fill in",
        "# ask the infrastructure team",
        "HIGHLIGHT_PROJECT_ID=",
    ]
    assert secret.splitlines()[0] == "# secrets"
    assert {line for line in secret.splitlines() if "=" in line} == {
        f"{name}=" for name in SERVICES["payments"].secrets
    }


def test_a_skeleton_fills_in_the_foreign_database_the_cache_and_the_object_store() -> None:
    lines = _file(prod(), "env", "compliance.env").splitlines()
    for line in (
        "PENCOM_DB_HOST=10.30.0.5",
        "PENCOM_DB_PORT=1521",
        "REDIS_HOST=10.20.0.13",
        "REDIS_PORT=6379",
        "SPACES_ENDPOINT=http://10.20.0.14:9000",
        "SPACES_BUCKET_NAME=",
    ):
        assert line in lines


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_skeleton_names_every_variable_and_fills_in_no_secret(name: str) -> None:
    text = _file(prod(), "env", f"{name}.env")
    for variable in (*SERVICES[name].variables, *SERVICES[name].secrets):
        assert re.search(rf"^(# )?{re.escape(variable)}[=:]", text, re.M), variable
    last_section = text.partition("\n# secrets\n")[2]
    for secret in SERVICES[name].secrets:
        assert re.search(rf"^{secret}=$", last_section, re.M), secret


# An inventory with one other fact, its line in the plan, and a new text by exported file.
CHANGES = [
    pytest.param(
        moved("payments", "vps-4"),
        "pencom-payments.inputs.host: 'vps-2' => 'vps-4'",
        {
            "ansible inventory.yml": "health_url: http://10.20.0.14:5000/health",
            "env core.env": "PAYMENT_SERVICE_URL=http://10.20.0.14:5000",
            "firewall vps-4.nft": "ip saddr { 203.0.113.20 } tcp dport 5000 accept",
            "firewall vps-3.nft": "ip saddr { 10.20.0.14 } tcp dport 5432 accept",
            "prometheus targets/health.yml": "- http://10.20.0.14:5000/health",
            "pm2 ecosystem.vps-4.config.js": '"name": "payments"',
        },
        id="moved",
    ),
    pytest.param(
        with_service("core", ports={"http": 4444}),
        "pencom-core.inputs.ports.http: 4000 => 4444",
        {
            "ansible inventory.yml": "health_url: http://10.20.0.12:4444/health",
            "env audit.env": "CORE_SERVICE_URL=http://10.20.0.12:4444",
            "firewall vps-2.nft": "ip saddr { 203.0.113.20 } tcp dport 4444 accept",
            "prometheus targets/health.yml": "- http://10.20.0.12:4444/health",
            "pm2 ecosystem.vps-2.config.js": '"CORE_SERVICE_PORT": "4444"',
        },
        id="port",
    ),
    pytest.param(
        with_service("payments", calls=("core", "audit", "api-gateway")),
        "pencom-payments.inputs.calls.api-gateway: None => 'api-gateway'",
        {
            "ansible inventory.yml": "- audit\n          - api-gateway",
            "firewall vps-1.nft": "payments calls api-gateway",
        },
        id="call",
    ),
    pytest.param(
        with_service("audit", stores=("postgresql/pencom_audit", "redis", "minio")),
        "pencom-audit.inputs.stores.minio: None => 'minio'",
        {"firewall vps-4.nft": "audit uses minio", "firewall vps-3.nft": "audit uses redis"},
        id="store",
    ),
]


@pytest.mark.parametrize(("inventory", "line", "exported"), CHANGES)
def test_a_changed_fact_shows_in_the_plan_and_in_the_exports(
    inventory: facts.Inventory, line: str, exported: dict[str, str]
) -> None:
    addresses = {f"hosts.{name}": address for name, address in SETTINGS["hosts"].items()}
    addresses |= {f"foreign.{name}": address for name, address in SETTINGS["foreign"].items()}
    assert list(facts.problems(inventory, addresses, SETTINGS["storePorts"])) == []
    before, after = planned(), planned(inventory)
    old, new = (yaml.safe_load(rendered.as_text(graph)) for graph in (before, after))
    lines = [text for change in changes(old, new) for text in change.lines()]
    assert line in lines
    for file, text in exported.items():
        form, _, name = file.partition(" ")
        assert text in _file(inventory_of(after), form, name), file
        assert text not in export.texts(prod(), form).get(name, ""), file
