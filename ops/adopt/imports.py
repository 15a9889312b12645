"""Imports into a state, and a person's choices among live resources."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ops.account.live import KINDS, Live
from ops.adopt.match import NONE, Survey
from ops.cli.errors import UsageError
from ops.engine import documents, pulumi_cli

IMPORTED = {kind.name for kind in KINDS if kind.importer}


def ids(lives: Mapping[str, Live]) -> dict[str, str]:
    """Return the ids that an import takes, by logical name."""
    return {name: live.import_id or live.id for name, live in lives.items()}


def state_ids(stack: str) -> dict[str, str]:
    """Return the id of every cloud resource in the state, by logical name.

    One that was replaced and is not deleted yet is listed by its URN, since its successor has the
    name. Raises UsageError where there is no state yet.
    """
    return {
        each.urn if each.replaced else each.name: each.id
        for each in pulumi_cli.deployment(stack).in_cloud
    }


def import_resources(
    stack: str,
    config_file: str | None,
    ids: Mapping[str, str],
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Import resources into the state, protected. Only reads them. `ids` are by logical name.

    The engine drafts the import file; this fills in the ids.
    """
    if not ids:
        return
    target = pulumi_cli.target(stack, config_file)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        # A plain preview fails where a half-finished import would lead to a replacement.
        preview = ("preview", "--ignore-protect", *target, "--import-file", str(file))
        pulumi_cli.text(*preview, environ=environ)
        draft = file.read_text(encoding="utf-8")
        file.write_text(documents.filled_import(draft, ids), encoding="utf-8")
        options = ("--generate-code=false", "--protect=true", "--yes", "--skip-preview")
        pulumi_cli.text("import", *target, "--file", str(file), *options, environ=environ)


def read_choices(texts: Sequence[str]) -> dict[str, str]:
    """Read the values of --choose: id by logical name. Raises UsageError for other texts."""
    pairs = [text.partition("=") for text in texts]
    if wrong := ["".join(pair) for pair in pairs if not (pair[0] and pair[2])]:
        raise UsageError(f"--choose takes NAME=ID or NAME={NONE}, not {', '.join(wrong)}")
    names = [name for name, *_ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"--choose has {', '.join(twice)} more than once: give one id")
    return {name: choice for name, _, choice in pairs}


def possible_choices(survey: Survey) -> Iterator[str]:
    """Yield what a person may choose for each resource that is not clear."""
    for name, candidates in survey.unclear.items():
        for each in candidates:
            yield f"--choose {name}={each.import_id or each.id}   is it {each}?"
        yield f"--choose {name}={NONE}   none of these"


def part(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a part of a report; nothing where it has no lines."""
    indented = [f"  {line}" for line in lines]
    if indented:
        yield from (f"\n{title}", *indented)
