"""What a recovery needs, removed: how, which findings are bad then, and their repair."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from readiness_setup import DATABASES, DROPLET, EMPTY, Setup, ago

from ops.cli.findings import Finding
from ops.recovery.checks import tools
from ops.state import check as state

JWT = "KROGIVING__JWT_SECRET_KEY"
SEAL = {"sealed": "EV[1:canary-sealed]", "fingerprint": "0" * 32}
OLD = {"backups": [ago(60)]}


def without(tool: str) -> Callable[[Setup], None]:
    return lambda setup: (setup.tools / tool).unlink()


def unset(*names: str) -> Callable[[Setup], None]:
    def remove(setup: Setup) -> None:
        for name in names:
            setup.patch.delenv(name)

    return remove


def change(path: str, value: Any, stack: str = "prod") -> Callable[[Setup], None]:
    return lambda setup: setup.change(path, value, stack)


def answer(path: str, body: Any) -> Callable[[Setup], None]:
    return lambda setup: setup.far.answers.update({path: (200, body)})


def refuse(*paths: str, status: int = 403) -> Callable[[Setup], None]:
    return lambda setup: setup.refuse(*paths, status=status)


def amend(path: str, key: str, value: Any, number: int | None = None) -> Callable[[Setup], None]:
    """Change a field in the answer of a path."""

    def remove(setup: Setup) -> None:
        (body,) = setup.far.answers[path][1].values()
        (body if number is None else body[number])[key] = value

    return remove


def more(path: str, key: str, count: int) -> Callable[[Setup], None]:
    other = {"id": "x", "name": "other", "engine": "mongodb"}
    return lambda setup: setup.listed(path, key).extend([other] * count)


def every_list(setup: Setup) -> None:
    paths = ("account", "droplets", "databases", *EMPTY)
    setup.refuse(*(f"/v2/{path}" for path in paths), status=401)


def unreachable(setup: Setup) -> None:
    setup.patch.setenv("DIGITALOCEAN_API_URL", "http://127.0.0.1:1")


def older_package(setup: Setup) -> None:
    other = {"pydo": "0.1"}
    setup.patch.setattr(tools, "version", lambda name: other.get(name) or version(name))


def lost_state(setup: Setup) -> None:
    lost = Finding("state", "stack", "bad", "there is no stack prod", "python -m ops state open")
    setup.patch.setattr(state, "look", lambda *_: [lost])


def token_in_the_stack_file(setup: Setup) -> None:
    setup.patch.delenv("DIGITALOCEAN_TOKEN")
    text = setup.file.read_text()
    setup.file.write_text(f"{text}  digitalocean:token:\n    secure: v1:canary\n")


def only_sealed(setup: Setup) -> None:
    setup.patch.delenv(JWT)
    setup.change("seals", {JWT: SEAL})


def unstored_seal(setup: Setup) -> None:
    setup.change("seals", {JWT: {**SEAL, "fingerprint": "1" * 32}})
    setup.pulumi(outputs={"krogivingSeals": {"JWT_SECRET_KEY": SEAL}})


def missing_repository(setup: Setup) -> None:
    setup.change("krotrust.gitBaseUrl", "https://someone:canary@github.com/gone", "dr")


def delegated_elsewhere(setup: Setup) -> None:
    setup.far.servers["krogiving.com"] = ("ns1.registrar.test.",)


def old_report(setup: Setup) -> None:
    past = time.time() - 9 * 86400
    os.utime(setup.folder / "drift.json", (past, past))


def report_without_records(setup: Setup) -> None:
    setup.report({"stack": "prod", "drift": False})


MISSING_CODE = "https://github.com/gone/kro-"
# What is removed, which findings are bad then, and their repair.
MISSING: dict[str, tuple[Callable[[Setup], None], list[str], str]] = {
    "the engine": (without("pulumi"), ["pulumi"], "https://www.pulumi.com/docs/install/"),
    "the language host": (
        without("pulumi-language-python"),
        ["pulumi-language-python"],
        "it comes with pulumi",
    ),
    "the plugin": (
        lambda setup: setup.pulumi(plugins=[]),
        ["DigitalOcean plugin"],
        "pulumi plugin install resource digitalocean ",
    ),
    "a package": (older_package, ["Python packages"], "make setup"),
    "git": (without("git"), ["git"], "install it"),
    "ssh": (without("ssh"), ["ssh"], "openssh-client"),
    "the token": (unset("DIGITALOCEAN_TOKEN"), ["DIGITALOCEAN_TOKEN"], "export DIGITALOCEAN_TOKEN"),
    "a token that the commands see": (
        token_in_the_stack_file,
        ["DIGITALOCEAN_TOKEN"],
        'export DIGITALOCEAN_TOKEN="$(pulumi config get --stack prod digitalocean:token)"',
    ),
    "a real token": (
        lambda setup: setup.patch.setenv("DIGITALOCEAN_TOKEN", "throw-away"),
        ["DIGITALOCEAN_TOKEN"],
        "export DIGITALOCEAN_TOKEN",
    ),
    "an endpoint of the account": (
        lambda setup: setup.patch.setenv("DIGITALOCEAN_API_URL", "nowhere"),
        ["DIGITALOCEAN_TOKEN"],
        "correct the variable that it names",
    ),
    "a token that is accepted": (every_list, ["DIGITALOCEAN_TOKEN"], "API, Tokens"),
    "an account that answers": (unreachable, ["DIGITALOCEAN_TOKEN"], "status.digitalocean.com"),
    "a scope": (refuse("/v2/uptime/checks"), ["uptime:read"], "the scope uptime:read"),
    "the scope of databases": (refuse(DATABASES), ["database:read"], "the scope database:read"),
    "the scope of the account": (refuse("/v2/account"), ["account:read"], "scope account:read"),
    "the scope of passwords": (
        amend(DATABASES, "connection", {"password": ""}, 0),
        ["database:view_credentials"],
        "the scope database:view_credentials",
    ),
    "the Spaces key": (unset("SPACES_ACCESS_KEY_ID"), ["key"], "export SPACES_ACCESS_KEY_ID="),
    "a Spaces key that is accepted": (
        refuse("/spaces/fra1", "/spaces/ams3"),
        ["key"],
        "(full access; ",
    ),
    "an active account": (
        amend("/v2/account", "status", "locked"),
        ["status"],
        "cloudsupport.digitalocean.com",
    ),
    "the limit of droplets": (
        amend("/v2/account", "droplet_limit", 1),
        ["limit of droplets"],
        "ask for more now",
    ),
    "the limit of clusters": (
        more(DATABASES, "databases", 3),
        ["limit of clusters"],
        "ask for more now",
    ),
    "the state": (lost_state, ["stack"], "python -m ops state open"),
    "a secret": (unset(JWT), [JWT], f"pulumi config set --stack prod --secret {JWT}"),
    "a secret's plain text": (only_sealed, [JWT], "ask the owners of krogiving-backend"),
    "the seals' key": (unset("ESTATE__SEAL_KEY"), ["ESTATE__SEAL_KEY"], "openssl rand -hex 32"),
    "a stored seal": (unstored_seal, ["seals"], "python -m ops seal --stack prod"),
    "a setting": (
        change("krotrust.ssh.publicKey", None),
        ["prod: estate:krotrust.ssh.publicKey"],
        "write it into Pulumi.prod.yaml",
    ),
    "a setting of the other region": (
        change("krogiving.frontend.splitApiKey", None, "dr"),
        ["dr: estate:krogiving.frontend.splitApiKey"],
        "write it into Pulumi.dr.yaml",
    ),
    "an address to log in from": (
        change("krotrust.ssh.allowList", ["203.0.113.10/32"]),
        ["prod: estate:krotrust.ssh.allowList"],
        "write the real one into Pulumi.prod.yaml",
    ),
    "an alert email": (
        change("alertEmails", []),
        ["Pulumi.prod.yaml"],
        "python -m ops plan --stack prod",
    ),
    "a droplet of that name": (
        amend(DROPLET, "name", "other", 0),
        ["kro-prod"],
        "python -m ops adopt --stack prod",
    ),
    "a droplet's backups": (
        amend(DROPLET, "features", [], 0),
        ["kro-prod"],
        "make up STACK=prod",
    ),
    "a recent backup of a droplet": (
        answer(f"{DROPLET}/7/backups", OLD),
        ["kro-prod"],
        "cloudsupport.digitalocean.com",
    ),
    "a recent backup of a PostgreSQL": (
        answer(f"{DATABASES}/0/backups", OLD),
        ["kro-prod-db-cluster"],
        "cloudsupport.digitalocean.com",
    ),
    "any backup of a MongoDB": (
        answer(f"{DATABASES}/2/backups", {"backups": []}),
        ["giv-prod-mongodb"],
        "cloudsupport.digitalocean.com",
    ),
    "a cluster to fill the other region from": (
        change("krogiving.mongodb.restore.cluster", "giv-mongo", "dr"),
        ["giv-dr-mongodb from giv-mongo"],
        "`restore` of krogiving-mongodb-cluster in Pulumi.dr.yaml",
    ),
    "the code": (
        missing_repository,
        [f"{MISSING_CODE}{name}.git" for name in ("backend", "frontend", "admin", "devops")],
        "git ls-remote https://github.com/gone/kro-",
    ),
    "the branch that is built": (
        change("krogiving.backend.branch", "next"),
        ["https://github.com/krogiving/krogiving-backend.git"],
        "git ls-remote https://github.com/krogiving/krogiving-backend.git next",
    ),
    "a zone's delegation": (delegated_elsewhere, ["krogiving.com"], "at the registrar of"),
    "a drift report": (
        unset("ESTATE_DRIFT_REPORT"),
        ["last drift report"],
        "python -m ops drift --stack prod --format json",
    ),
    "a recent drift report": (old_report, ["last drift report"], "nightly"),
    "a readable drift report": (
        lambda setup: setup.patch.setenv("ESTATE_DRIFT_REPORT", "nowhere"),
        ["last drift report"],
        "nightly",
    ),
    "records in the drift report": (report_without_records, ["last drift report"], "nightly"),
    "the address of a host": (
        change("pencom.hosts.vps-1", "203.0.113.20"),
        ["estate:pencom.hosts.vps-1"],
        "ask the infrastructure team",
    ),
}
