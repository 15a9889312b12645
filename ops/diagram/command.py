"""`ops graph`: write the picture of the estate, still or as a page."""

from __future__ import annotations

import sys
from pathlib import Path

from ops.cli.errors import UsageError
from ops.diagram.page import as_html
from ops.diagram.parts import diagram
from ops.diagram.svg import as_svg
from ops.plan import config
from ops.plan.graph import build


def run(stack: str, form: str, output: str | None) -> int:
    """Write the picture to a file, or to standard output where none is named.

    Raises UsageError where the file cannot be written.
    """
    drawn = diagram(build(config.load(stack)))
    text = as_svg(drawn) if form == "svg" else as_html(drawn)
    if output is None:
        sys.stdout.buffer.write(text.encode())
        return 0
    try:
        Path(output).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error
    return 0
