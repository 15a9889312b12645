"""A whole rehearsal in the real engine: from nothing, again from nothing, and clean to go on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ops import ROOT
from rehearsal import prepare, run

pytestmark = pytest.mark.engine


def _secrets(folder: Path) -> list[str]:
    exports = (folder / "secrets.sh").read_text().splitlines()
    return [line.partition("=")[2] for line in exports]


def test_a_rehearsal_succeeds_each_time_from_nothing_and_can_be_gone_on_with(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "stage"
    tracked = (ROOT / "Pulumi.stage.yaml").read_bytes()
    counts = []
    for _ in range(2):
        assert run.rehearse("stage", 0, folder) == 0
        printed = capfd.readouterr()
        first, *lines = printed.out.splitlines()
        assert "rehearsal cloud" in first
        assert str(folder / "cloud.json") in first
        counts += [line for line in lines if line.startswith("resources ")]
        assert not (folder / "mark").exists()
        (folder / "mark").touch()
        made_up = _secrets(folder)
        assert len(made_up) > 1
        assert not [each for each in made_up if each in printed.out + printed.err]
    assert len(counts) == 2
    assert counts[0] == counts[1]
    assert (ROOT / "Pulumi.stage.yaml").read_bytes() == tracked

    # The lines that were printed, as a person would paste them.
    pasted = [line.strip() for line in lines[-5:]]
    assert pasted[-1].startswith("pulumi preview ")
    script = "\n".join(["set -e", *pasted]) + " --expect-no-changes --non-interactive"
    clean = subprocess.run(
        ["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert clean.returncode == 0, clean.stdout + clean.stderr

    # A made-up secret stands in the one file that is for it.
    for path in (Path(at, name) for at, _, names in os.walk(folder) for name in names):
        if path.name != "secrets.sh":
            text = path.read_text(errors="replace")
            assert not [each for each in made_up if each in text], path


def test_what_the_program_refuses_is_said_and_is_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(prepare.MADE_UP, "publicKey", "no key")
    assert run.rehearse("stage", 0, tmp_path / "stage") != 0
    printed = capfd.readouterr()
    assert "estate:krotrust.ssh.publicKey" in printed.err
    assert "pulumi preview --stack stage" in printed.out
    assert not (tmp_path / "stage" / "cloud.json").exists()
