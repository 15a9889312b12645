"""docs/runbook/: up to date, complete, and the same on every machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import changed
from recoveries import commands, every, known
from typer.testing import CliRunner

from ops.__main__ import app
from ops.plan import config
from ops.recovery import runbook
from ops.recovery.loss import losable

LINK = re.compile(r"\]\(([^)]+)\)")


def pages() -> dict[str, str]:
    return {file.name: file.read_text() for file in runbook.FOLDER.iterdir()}


def test_the_runbook_is_not_stale() -> None:
    assert runbook.stale() == [], "run `make render`"


def test_there_is_one_page_for_each_loss() -> None:
    _, graph, dependencies = known("prod")
    named = [runbook.page(loss) for loss in losable(graph, dependencies)]
    assert sorted(pages()) == sorted([*named, runbook.INDEX])
    assert len({name.lower() for name in pages()}) == len(pages())  # for every file system


def test_the_index_links_every_page_by_its_product() -> None:
    index = pages()[runbook.INDEX]
    assert set(LINK.findall(index)) == set(pages()) - {runbook.INDEX}
    by_system = index[index.index("\n## K") :]
    assert sorted(LINK.findall(by_system)) == sorted(set(pages()) - {runbook.INDEX})


def test_the_index_links_each_url_to_its_possible_causes() -> None:
    _, _, dependencies = known("prod")
    rows = [line for line in pages()[runbook.INDEX].splitlines() if line.startswith("| no answer")]
    urls = [thing.label for thing in dependencies.nodes.values() if thing.kind == "url"]
    assert [url for url in urls if not any(url in row for row in rows)] == []
    (row,) = (row for row in rows if "https://api.krogiving.com/health" in row)
    assert LINK.findall(row) == [
        "krogiving-backend-app.md",
        "KROGIVING__JWT_SECRET_KEY.md",
        "krogiving-mongodb-cluster.md",
        "krogiving-postgresql-cluster.md",
        "krogiving-zone-domain.md",
        "fra1.md",
    ]
    (row,) = (row for row in rows if "| no answer from core |" in row)
    assert LINK.findall(row)[0] == "pencom-core.md"
    assert "pencom-vps-3.md" in row


def test_every_page_has_the_commands_of_its_steps_in_order() -> None:
    texts = pages()
    for name, taken in every("prod").items():
        lines = iter(line.strip() for line in texts[f"{name}.md"].splitlines())
        missing = [command for command in commands(taken) if command not in lines]
        assert missing == [], name


def test_every_page_says_that_it_is_generated() -> None:
    for name, text in pages().items():
        assert "do not edit" in text.splitlines()[0], name


def test_every_command_of_every_page_is_among_the_commands() -> None:
    listed = runbook.commands()
    of_steps = {each for taken in every("prod").values() for each in commands(taken)}
    assert of_steps <= listed
    assert "python -m ops recover krotrust-droplet --stack prod" in listed
    assert "python -m ops recover --check krotrust-droplet --stack prod" in listed
    fences = sum(text.count("```sh") for text in pages().values())
    counted = sum(len(commands(taken)) for taken in every("prod").values())
    assert fences == counted


def test_no_credential_and_no_clock_changes_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    before = runbook.texts()
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "another")
    monkeypatch.setenv("KROGIVING__JWT_SECRET_KEY", "canary")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://elsewhere")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("COLUMNS", "40")
    assert runbook.texts() == before


def with_settings(changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    load: Callable[..., config.StackConfig] = config.load
    settings = changed("prod", changes)
    monkeypatch.setattr(
        config, "load", lambda stack, **more: settings if stack == "prod" else load(stack, **more)
    )


def test_a_changed_plan_makes_pages_stale_and_writing_deletes_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runbook.write(tmp_path)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == pages()
    with_settings({"krogiving.admin": None, "krotrust.database.name": "kro-escrow"}, monkeypatch)
    stale = runbook.stale(tmp_path)
    assert {"krogiving-admin-app.md", "krotrust-database-cluster.md", "README.md"} <= set(stale)
    written = runbook.write(tmp_path)
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert not (tmp_path / "krogiving-admin-app.md").exists()
    assert "kro-escrow-2" in (tmp_path / "krotrust-database-cluster.md").read_text()


def test_the_check_lists_stale_pages_and_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = pages()
    done = CliRunner().invoke(app, ["render", "--check"])
    assert (done.exit_code, done.stdout) == (
        0,
        "docs/runbook and docs/commands.md are up to date\n",
    )
    with_settings({"krotrust.database.name": "kro-escrow"}, monkeypatch)
    done = CliRunner().invoke(app, ["render", "--check"])
    assert done.exit_code == 2
    assert "krotrust-database-cluster.md" in done.stdout.split()
    assert pages() == before
