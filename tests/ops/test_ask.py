"""What is asked of pulumi: what the program says, and nothing that the shell adds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import FakePulumi

from ops import ask
from ops.config import UsageError


def test_a_question_is_asked_as_it_is_written_whatever_the_shell_has_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = FakePulumi(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(pulumi.folder))
    for name in ("OPTION_IGNORE_PROTECT", "OPTION_NEWER", "ENABLE_STREAMING_JSON_PREVIEW"):
        monkeypatch.setenv(f"PULUMI_{name}", "true")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///somewhere")
    ask.text("stack", "export", environ=os.environ)
    environ = pulumi.call("stack", "export")["environ"]
    given = {name for name in environ if name.startswith("PULUMI_")}
    assert given >= {"PULUMI_BACKEND_URL", "PULUMI_SKIP_UPDATE_CHECK"}
    assert not [name for name in given if "OPTION" in name or "STREAMING" in name]


@pytest.mark.parametrize(
    ("said", "hint"), [("no stack named 'dr' found", True), ("disk full", False)]
)
def test_where_there_is_no_state_it_is_told_how_to_make_one(
    said: str, hint: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = FakePulumi(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(pulumi.folder))
    pulumi.answer("stack export", code=255, err=f"error: {said}\n")
    with pytest.raises(UsageError, match=said) as refused:
        ask.exported("dr")
    assert ("`pulumi stack init dr` makes it" in str(refused.value)) is hint
