"""A droplet beside KROTrust's: its recovery has none of KROTrust's steps."""

from __future__ import annotations

import runpy

import pytest

from components.droplet import Droplet, DropletArgs, DropletSettings, NewKey
from ops import ROOT
from ops.impact.edges import dependency_graph
from ops.plan import config
from ops.plan.graph import record
from ops.recovery.case import Case
from ops.recovery.loss import find, losable
from ops.recovery.steps.cloud import steps

SETTINGS = DropletSettings(
    name="worker",
    image="ubuntu-24-04-x64",
    size="s-1vcpu-2gb",
    tags=("worker",),
    monitoring=True,
    ipv6=False,
    backups=None,
)


def _program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
    Droplet(
        "worker",
        DropletArgs(
            settings=SETTINGS,
            region="lon1",
            vpc_id="5a4981aa-9653-4bd1-bef5-d6bff52042e4",
            ssh_key=NewKey("worker", "ssh-ed25519 AAAA"),
            firewall_name="worker",
            inbound=[],
            user_data="#cloud-config\n",
            alert_emails=["ops@worker.test"],
        ),
    )


@pytest.fixture(scope="module")
def case() -> Case:
    settings = config.load("prod")
    graph = record(settings, _program)
    dependencies = dependency_graph(graph)
    loss = find(graph, dependencies, "worker-droplet")
    return Case(settings, graph, dependencies, loss)


def test_each_droplet_can_be_lost(case: Case) -> None:
    losses = losable(case.graph, case.dependencies)
    names = {loss.name for loss in losses if loss.kind == "droplet"}
    assert names == {"krotrust-droplet", "worker-droplet"}


def test_its_recovery_has_no_step_of_krotrust_and_no_names(case: Case) -> None:
    text = " ".join(f"{step.title} {step.command}" for step in steps(case))
    assert "krotrust" not in text
    assert "kro-start" not in text
    assert "its names" not in text
    assert "newest backup" in text
