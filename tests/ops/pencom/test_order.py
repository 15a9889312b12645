"""`order`: the order, the commands, and that a failure ends the run."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inventories import inventory_of, planned, prod, with_service
from typer.testing import CliRunner

from components.facts.pencom import SERVICES
from ops import ROOT
from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.pencom.order import remaining_users, sequence, steps

STORES = ["minio", "mongodb", "postgresql", "redis"]
ORDER = [
    *STORES,
    "core",
    *("audit", "notifications", "payments", "compliance", "external-integrations"),
    "api-gateway",
    "external-gateway",
]
FAKE_SSH = """\
#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
config, host, command = sys.argv[2], *sys.argv[-2:]
if "BatchMode=yes" not in sys.argv:
    sys.exit("it would ask for a password, behind the progress bar")
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps([host, command, pathlib.Path(config).read_text()]) + "\\n")
for where, part in json.loads((folder / "failing").read_text()):
    if where == host and part in command:
        sys.exit("some words\\nthe last words")
"""


def _names(direction: Any, only: str | None = None) -> list[str]:
    return [step.name for step in steps(prod(), direction, only, 60)]


def test_stores_start_first_then_core_then_who_is_called_before_who_calls() -> None:
    assert sequence(prod()) == ORDER
    assert _names("start") == ORDER


def test_gateways_stop_first_and_core_last_and_the_stores_go_on() -> None:
    assert _names("stop") == ORDER[:3:-1]


def test_calls_in_a_circle_within_a_wave_still_have_an_order() -> None:
    inventory = with_service("audit", calls=("payments",))  # payments calls audit
    order = sequence(inventory_of(planned(inventory)))
    assert sorted(order) == sorted(ORDER)
    assert order[:5] == ORDER[:5]


@pytest.mark.parametrize(
    ("direction", "only", "touched", "checked"),
    [
        ("start", "core", ["core"], ["mongodb", "postgresql", "redis"]),
        ("start", "payments", ["payments"], ["postgresql", "core"]),
        ("start", "redis", ["redis"], []),
        ("start", "vps-3", ["mongodb", "postgresql", "redis"], []),
        (
            "start",
            "vps-1",
            ["api-gateway", "external-gateway"],
            [
                "minio",
                "postgresql",
                "core",
                *("audit", "notifications", "payments", "compliance", "external-integrations"),
            ],
        ),
        ("stop", "core", ["core"], []),
        ("stop", "vps-1", ["external-gateway", "api-gateway"], []),
        ("stop", "vps-3", ["redis", "postgresql", "mongodb"], []),
    ],
)
def test_a_part_is_touched_alone_after_a_look_at_what_it_stands_on(
    direction: Any, only: str, touched: list[str], checked: list[str]
) -> None:
    planned_steps = steps(prod(), direction, only, 60)
    assert [step.name for step in planned_steps if step.command] == touched
    assert [step.name for step in planned_steps if not step.command] == checked


def test_who_goes_on_without_what_is_stopped_is_named() -> None:
    assert remaining_users(prod(), ["payments"]) == {"payments": ["api-gateway", "compliance"]}
    assert remaining_users(prod(), SERVICES) == {}


@pytest.mark.parametrize(
    ("manager", "start", "stop"),
    [
        (
            "pm2",
            "pm2 start /opt/pencom-project/ecosystem.vps-2.config.js --only core",
            "pm2 stop core",
        ),
        ("docker", "docker start core", "docker stop core"),
    ],
)
def test_the_commands_are_those_of_the_process_manager(manager: str, start: str, stop: str) -> None:
    inventory = inventory_of(planned(processManager=manager))
    *_, step = steps(inventory, "start", "core", 7)
    health = "curl -gfsS -m 5 -o /dev/null http://10.20.0.12:4000/health"
    assert (step.host, step.wave, step.command) == ("vps-2", 1, start)
    assert step.check == f"timeout 7 bash -c 'until {health}; do sleep 1; done'"
    (step,) = steps(inventory, "stop", "core", 7)
    assert step.command == stop
    connect = "(exec 3<>/dev/tcp/10.20.0.12/4000) 2>/dev/null"
    assert step.check == f"timeout 7 bash -c 'while {connect}; do sleep 1; done'"


def test_a_store_is_a_unit_of_systemd_and_waited_for_on_its_port() -> None:
    (step,) = steps(prod(), "start", "mongodb", 60)
    assert step.command == "sudo systemctl start mongod"
    assert "until (exec 3<>/dev/tcp/10.20.0.13/27017) 2>/dev/null" in step.check


def test_without_run_it_only_says_what_it_would_do() -> None:
    result = CliRunner().invoke(app, ["order", "stop", "payments"])
    assert result.exit_code == 0
    first, second, third, *rest = result.stdout.splitlines()
    assert first == "note: api-gateway, compliance use payments and keep running"
    assert second == "stop order of prod, one at a time:"
    assert third == "  1. payments on vps-2 (wave 2)"
    assert rest[0].strip() == "pm2 stop payments"


class Ssh:
    """A fake `ssh` that records its calls and fails on request."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "ssh"
        program.write_text(FAKE_SSH.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
        self.fail()

    def fail(self, *failing: tuple[str, str]) -> None:
        (self.folder / "failing").write_text(json.dumps(failing))

    @property
    def calls(self) -> list[tuple[str, str, str]]:
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    def commands(self, word: str) -> list[str]:
        """The last word of each command that contains `word`."""
        return [command.split()[-1] for _, command, _ in self.calls if word in command]


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ssh:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Ssh(tmp_path)


def _order(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["order", *arguments, "--run", "--yes"])
    assert result.exit_code == 0, result.output
    return result.stdout


def _halted(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["order", *arguments, "--run", "--yes"])
    assert isinstance(result.exception, UsageError), result.output
    return str(result.exception)


@pytest.mark.parametrize("answer", ["n\n", "\n", ""], ids=["no", "neither", "end of input"])
def test_without_consent_it_shows_the_steps_and_takes_none(ssh: Ssh, answer: str) -> None:
    result = CliRunner().invoke(app, ["order", "stop", "payments", "--run"], input=answer)
    assert result.exit_code == 1
    assert str(result.exception).startswith("nothing was changed")
    shown = CliRunner().invoke(app, ["order", "stop", "payments"]).stdout
    assert result.stdout.startswith(f"{shown}\nstop that, on the hosts of prod? [y/N]:")
    assert ssh.calls == []


def test_where_nobody_can_be_asked_nothing_is_done(
    ssh: Ssh,
) -> None:
    command = f"exec {shlex.quote(sys.executable)} -m ops order start --run <&-"
    result = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith("error: nothing was changed")
    assert ssh.calls == []


def test_a_yes_at_the_question_is_enough(ssh: Ssh) -> None:
    result = CliRunner().invoke(app, ["order", "stop", "payments", "--run"], input="y\n")
    assert result.exit_code == 0, result.output
    assert ssh.commands("pm2 stop") == ["payments"]


NOTHING_RUNS = (("vps-2", "timeout 10 bash"), ("vps-1", "timeout 10 bash"))


def test_every_host_is_reached_before_anything_starts(ssh: Ssh) -> None:
    ssh.fail(("vps-1", "true"))
    error = _halted("start")
    assert error == "vps-1 cannot be reached, nothing was changed: the last words"
    assert {command for _, command, _ in ssh.calls} == {"true"}


def test_a_start_goes_in_order_one_at_a_time_with_a_check_after_each(ssh: Ssh) -> None:
    ssh.fail(*NOTHING_RUNS)
    printed = _order("start")
    services = ORDER[4:]
    assert ssh.commands("pm2 start") == services
    for name in services:
        assert f"{name} on {prod().services[name].host}: runs\n" in printed
    for store in STORES:
        assert f"{store} on {prod().stores[store].host}: already runs\n" in printed
    commands = [command for _, command, _ in ssh.calls]
    for name in services:
        started = next(n for n, each in enumerate(commands) if each.endswith(f"--only {name}"))
        assert prod().health_url(prod().services[name]) in commands[started + 1]
        assert commands[started + 1].startswith("timeout 60 bash -c 'until")


def test_what_runs_already_is_not_started_again(ssh: Ssh) -> None:
    assert _order("start").count("already runs") == len(ORDER)
    assert ssh.commands("pm2 start") == ssh.commands("systemctl") == []


def test_a_start_ends_at_the_first_that_does_not_get_well(ssh: Ssh) -> None:
    ssh.fail(*NOTHING_RUNS, ("vps-2", "until curl -gfsS -m 5 -o /dev/null http://10.20.0.12:5000"))
    error = _halted("start")
    assert error.startswith(
        "start halted at payments on vps-2: the check failed (the last words)\n"
        "  timeout 60 bash -c 'until curl"
    )
    assert error.endswith(
        "not started: compliance, external-integrations, api-gateway, external-gateway"
    )
    assert ssh.commands("pm2 start") == ["core", "audit", "notifications", "payments"]


def test_a_part_does_not_start_on_something_that_is_not_well(ssh: Ssh) -> None:
    ssh.fail(*NOTHING_RUNS, ("vps-2", "until curl -gfsS -m 5 -o /dev/null http://10.20.0.12:4000"))
    error = _halted("start", "payments")
    assert error.startswith("start halted at core on vps-2: the check failed")
    assert error.endswith("not started: payments")
    assert ssh.commands("pm2 start") == []


def test_a_stop_ends_at_what_will_not_stop(ssh: Ssh) -> None:
    ssh.fail(("vps-1", "pm2 stop api-gateway"))
    error = _halted("stop")
    assert error.startswith("stop halted at api-gateway on vps-1: the command failed")
    assert ssh.commands("pm2 stop") == ["external-gateway", "api-gateway"]


def test_a_stop_goes_in_reverse(ssh: Ssh) -> None:
    assert "core on vps-2: stopped" in _order("stop").splitlines()[-1]
    assert ssh.commands("pm2 stop") == ORDER[:3:-1]


def test_the_operator_s_own_configuration_is_read_before_the_exported_one(
    ssh: Ssh, tmp_path: Path
) -> None:
    own = tmp_path / "mine"
    own.write_text("User operator\n")
    _order("stop", "audit", "--ssh-config", str(own))
    config = ssh.calls[0][2]
    assert config.startswith(f"Include {own}\nMatch all\n")
    assert config.index("ControlPath") < config.index("ProxyJump vps-1")
    assert _halted("stop", "--ssh-config", "gone") == (
        "there is no gone: --ssh-config takes an ssh configuration file"
    )


def test_without_ssh_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = prod()
    monkeypatch.setattr("ops.pencom.inventory.load", lambda *_, **__: inventory)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _halted("stop").startswith("ssh is not installed")


def test_a_name_that_is_none_is_refused_with_those_that_are() -> None:
    result = CliRunner().invoke(app, ["order", "start", "cor"])
    assert str(result.exception).startswith("there is no cor in prod: known are api-gateway, audit")
