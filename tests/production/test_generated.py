"""What `make render` writes is of the plan and the commands.

Every other test here passes before it is run, too.
"""

from __future__ import annotations

from plans import STACKS, plan_of

from ops.__main__ import app
from ops.cli import reference
from ops.plan import rendered
from ops.recovery import runbook


def test_what_make_render_writes_is_of_the_plan() -> None:
    written = {
        f"{file.parent.name}/{file.name}": file.read_text()
        for file in rendered.FOLDER.glob("*/*.yaml")
    }
    planned = {
        f"{stack}/{system}.yaml": text
        for stack in STACKS
        for system, text in rendered.documents(plan_of(stack)).items()
    }
    stale = {
        f"rendered/{name}"
        for name in written.keys() | planned.keys()
        if written.get(name) != planned.get(name)
    }
    stale |= {f"docs/runbook/{name}" for name in runbook.stale()}
    stale |= {"docs/commands.md"} if reference.stale(reference.text(app)) else set()
    assert sorted(stale) == [], "run `make render`, and commit what it changes"
