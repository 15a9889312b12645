"""docs/commands.md: what it says of a small application, and when it is stale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import typer

from ops.cli import reference
from ops.cli.app import ByJob, Job

PAGE = """\
## Understand

### `small look`

Look at a thing. Changes nothing.

**Usage**:

```console
$ small look [OPTIONS] {thing}
```

**Arguments**:

* `thing <str>`: What to look at.  [required]

**Options**:

* `--deep`: Look into it.
* `--help`: Show this message and exit.

## Change

### `small do`

Do it.

**Usage**:

```console
$ small do [OPTIONS]
```

**Options**:

* `--help`: Show this message and exit.
"""


@pytest.fixture
def small() -> typer.Typer:
    """An application of two commands, registered in another order than their jobs have."""
    app = typer.Typer(cls=ByJob, name="small", add_completion=False, help="A small application.")

    @app.command("act", hidden=True)
    @app.command(rich_help_panel=Job.change)
    def do() -> None:
        """Do it."""

    @app.command(rich_help_panel=Job.understand)
    def look(
        thing: Annotated[str, typer.Argument(help="What to look at.")],
        deep: Annotated[bool, typer.Option("--deep", help="Look into it.")] = False,
    ) -> None:
        """Look at a thing. Changes nothing."""

    return app


def test_a_page_has_every_command_under_its_job_and_no_old_name(small: typer.Typer) -> None:
    head, _, commands = reference.text(small).partition("## Understand")
    assert "do not edit" in head.splitlines()[0]
    assert "A small application." in head
    assert "* `--help`: Show this message and exit." in head
    assert f"## Understand{commands}" == PAGE


def test_a_page_is_stale_when_it_is_missing_or_says_something_else(
    small: typer.Typer, tmp_path: Path
) -> None:
    file, text = tmp_path / "commands.md", reference.text(small)
    assert reference.stale(text, file)
    assert reference.write(text, file) == file
    assert not reference.stale(text, file)
    file.write_text(text.replace("Look into it.", "Look."))
    assert reference.stale(text, file)
