"""`ops order`: what comes before what, by which commands, and that nothing goes on blindly."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from estates import described, prod, read_from, with_service
from typer.testing import CliRunner

from components.facts.pencom import SERVICES
from ops import ROOT
from ops.__main__ import app
from ops.cli.errors import UsageError
from ops.pencom.order import sequence, standing_on, steps

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
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps([host, command, pathlib.Path(config).read_text()]) + "\\n")
for where, part in json.loads((folder / "failing").read_text()):
    if where == host and part in command:
        sys.exit("some words\\nthe last words")
"""


def _things(direction: Any, only: str | None = None) -> list[str]:
    return [step.thing for step in steps(prod(), direction, only, 60)]


def test_stores_start_first_then_core_then_who_is_called_before_who_calls() -> None:
    assert sequence(prod()) == ORDER
    assert _things("start") == ORDER


def test_gateways_stop_first_and_core_last_and_the_stores_go_on() -> None:
    assert _things("stop") == ORDER[:3:-1]


def test_calls_in_a_circle_within_a_wave_still_have_an_order() -> None:
    inventory = with_service("audit", calls=("payments",))  # payments calls audit
    order = sequence(read_from(described(inventory)))
    assert sorted(order) == sorted(ORDER)
    assert order[:5] == ORDER[:5]


@pytest.mark.parametrize(
    ("direction", "only", "touched", "looked_at"),
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
    direction: Any, only: str, touched: list[str], looked_at: list[str]
) -> None:
    found = steps(prod(), direction, only, 60)
    assert [step.thing for step in found if step.command] == touched
    assert [step.thing for step in found if not step.command] == looked_at


def test_who_goes_on_without_what_is_stopped_is_named() -> None:
    assert standing_on(prod(), ["payments"]) == {"payments": ["api-gateway", "compliance"]}
    assert standing_on(prod(), SERVICES) == {}


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
    estate = read_from(described(processManager=manager))
    *_, step = steps(estate, "start", "core", 7)
    health = "curl -gfsS -m 5 -o /dev/null http://10.20.0.12:4000/health"
    assert (step.host, step.wave, step.command) == ("vps-2", 1, start)
    assert step.check == f"timeout 7 bash -c 'until {health}; do sleep 1; done'"
    (step,) = steps(estate, "stop", "core", 7)
    assert step.command == stop
    connect = "(exec 3<>/dev/tcp/10.20.0.12/4000) 2>/dev/null"
    assert step.check == f"timeout 7 bash -c 'while {connect}; do sleep 1; done'"


def test_a_store_is_a_unit_of_systemd_and_waited_for_on_its_port() -> None:
    (step,) = steps(prod(), "start", "mongodb", 60)
    assert step.command == "sudo systemctl start mongod"
    assert "until (exec 3<>/dev/tcp/10.20.0.13/27017) 2>/dev/null" in step.check


def test_without_run_it_only_says_what_it_would_do() -> None:
    done = CliRunner().invoke(app, ["order", "stop", "payments"])
    assert done.exit_code == 0
    first, second, third, *rest = done.stdout.splitlines()
    assert first == (
        "note: payments is used by api-gateway, compliance, which will go on without it"
    )
    assert second == "stop order of prod, one at a time:"
    assert third == "  1. payments on vps-2 (wave 2)"
    assert rest[0].strip() == "pm2 stop payments"


class Ssh:
    """An `ssh` that only writes down what it is asked, and fails where it is told to."""

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
        """The last words of the commands that hold another."""
        return [command.split()[-1] for _, command, _ in self.calls if word in command]


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ssh:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Ssh(tmp_path)


def _order(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["order", *arguments, "--run", "--yes"])
    assert done.exit_code == 0, done.output
    return done.stdout


def _stopped(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["order", *arguments, "--run", "--yes"])
    assert isinstance(done.exception, UsageError), done.output
    return str(done.exception)


@pytest.mark.parametrize("answer", ["n\n", "\n", ""], ids=["no", "neither", "end of input"])
def test_without_consent_it_shows_the_steps_and_takes_none(ssh: Ssh, answer: str) -> None:
    done = CliRunner().invoke(app, ["order", "stop", "payments", "--run"], input=answer)
    assert done.exit_code == 1
    assert str(done.exception).startswith("nothing was changed")
    shown = CliRunner().invoke(app, ["order", "stop", "payments"]).stdout
    assert done.stdout.startswith(f"{shown}\nstop that, on the hosts of prod? [y/N]:")
    assert ssh.calls == []


def test_where_nobody_can_be_asked_nothing_is_done(
    ssh: Ssh,
) -> None:
    command = f"exec {shlex.quote(sys.executable)} -m ops order start --run <&-"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: nothing was changed")
    assert ssh.calls == []


def test_a_yes_at_the_question_is_enough(ssh: Ssh) -> None:
    done = CliRunner().invoke(app, ["order", "stop", "payments", "--run"], input="y\n")
    assert done.exit_code == 0, done.output
    assert ssh.commands("pm2 stop") == ["payments"]


NOTHING_RUNS = (("vps-2", "timeout 10 bash"), ("vps-1", "timeout 10 bash"))


def test_every_host_is_reached_before_anything_starts(ssh: Ssh) -> None:
    ssh.fail(("vps-1", "true"))
    told = _stopped("start")
    assert told == "vps-1 cannot be reached, nothing was changed: the last words"
    assert {command for _, command, _ in ssh.calls} == {"true"}


def test_a_start_goes_in_order_one_at_a_time_with_a_check_after_each(ssh: Ssh) -> None:
    ssh.fail(*NOTHING_RUNS)
    printed = _order("start")
    services = ORDER[4:]
    assert ssh.commands("pm2 start") == services
    for name in services:
        assert f"{name} on {prod().services[name].host}: runs\n" in printed
    for store in STORES:
        assert f"{store} on {prod().stores[store].host}: runs already\n" in printed
    commands = [command for _, command, _ in ssh.calls]
    for name in services:
        started = next(n for n, each in enumerate(commands) if each.endswith(f"--only {name}"))
        assert prod().health(prod().services[name]) in commands[started + 1]
        assert commands[started + 1].startswith("timeout 60 bash -c 'until")


def test_what_runs_already_is_not_started_again(ssh: Ssh) -> None:
    assert _order("start").count("runs already") == len(ORDER)
    assert ssh.commands("pm2 start") == ssh.commands("systemctl") == []


def test_a_start_ends_at_the_first_that_does_not_get_well(ssh: Ssh) -> None:
    ssh.fail(*NOTHING_RUNS, ("vps-2", "until curl -gfsS -m 5 -o /dev/null http://10.20.0.12:5000"))
    told = _stopped("start")
    assert told.startswith(
        "start stopped at payments on vps-2: the check failed (the last words)\n"
        "  timeout 60 bash -c 'until curl"
    )
    assert told.endswith(
        "not touched any more: compliance, external-integrations, api-gateway, external-gateway"
    )
    assert ssh.commands("pm2 start") == ["core", "audit", "notifications", "payments"]


def test_a_part_does_not_start_on_something_that_is_not_well(ssh: Ssh) -> None:
    ssh.fail(*NOTHING_RUNS, ("vps-2", "until curl -gfsS -m 5 -o /dev/null http://10.20.0.12:4000"))
    told = _stopped("start", "payments")
    assert told.startswith("start stopped at core on vps-2: the check failed")
    assert told.endswith("not touched any more: payments")
    assert ssh.commands("pm2 start") == []


def test_a_stop_ends_at_what_will_not_stop(ssh: Ssh) -> None:
    ssh.fail(("vps-1", "pm2 stop api-gateway"))
    told = _stopped("stop")
    assert told.startswith("stop stopped at api-gateway on vps-1: the command failed")
    assert ssh.commands("pm2 stop") == ["external-gateway", "api-gateway"]


def test_a_stop_goes_in_reverse(ssh: Ssh) -> None:
    assert "core on vps-2: stopped" in _order("stop").splitlines()[-1]
    assert ssh.commands("pm2 stop") == ORDER[:3:-1]


def test_the_operator_s_own_configuration_is_read_before_the_exported_one(
    ssh: Ssh, tmp_path: Path
) -> None:
    own = tmp_path / "mine"
    own.write_text("User somebody\n")
    _order("stop", "audit", "--ssh-config", str(own))
    config = ssh.calls[0][2]
    assert config.startswith(f"Include {own}\nMatch all\n")
    assert config.index("ControlPath") < config.index("ProxyJump vps-1")
    assert _stopped("stop", "--ssh-config", "gone") == "there is no gone"


def test_without_ssh_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    estate = prod()
    monkeypatch.setattr("ops.pencom.export.load", lambda *_, **__: replace(estate))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _stopped("stop").startswith("ssh is not installed")


def test_a_name_that_is_none_is_refused_with_those_that_are() -> None:
    done = CliRunner().invoke(app, ["order", "start", "cor"])
    assert str(done.exception).startswith("there is no cor in prod: known are api-gateway, audit")
