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


def ids(found: Mapping[str, Live]) -> dict[str, str]:
    """Give what an import takes, by logical name."""
    return {name: live.import_id or live.id for name, live in found.items()}


def state_ids(stack: str) -> dict[str, str]:
    """Give the id of every cloud resource that the state holds, by logical name.

    One that was replaced and is not deleted yet goes by its URN: its name is another's. Raises
    UsageError where there is no state yet.
    """
    return {
        each.urn if each.replaced else each.name: each.id
        for each in pulumi_cli.deployment(stack).in_cloud
    }


def take_over(
    stack: str,
    config_file: str | None,
    wanted: Mapping[str, str],
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Import resources, by logical name and id, into the state: protected, and only reading them.

    The engine writes the file of what is not in the state yet; the ids are filled in there.
    """
    if not wanted:
        return
    target = pulumi_cli.target(stack, config_file)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        # What is half imported would be made anew, of which a plain preview dies.
        look = ("preview", "--ignore-protect", *target, "--import-file", str(file))
        pulumi_cli.text(*look, environ=environ)
        draft = file.read_text(encoding="utf-8")
        file.write_text(documents.filled_import(draft, wanted), encoding="utf-8")
        how = ("--generate-code=false", "--protect=true", "--yes", "--skip-preview")
        pulumi_cli.text("import", *target, "--file", str(file), *how, environ=environ)


def chosen_among(said: Sequence[str]) -> dict[str, str]:
    """Read what was said with --choose. Raises UsageError for what is no NAME=ID."""
    pairs = [choice.partition("=") for choice in said]
    if wrong := ["".join(pair) for pair in pairs if not (pair[0] and pair[2])]:
        raise UsageError(f"--choose takes NAME=ID or NAME={NONE}, not {', '.join(wrong)}")
    names = [name for name, *_ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"--choose says of {', '.join(twice)} more than once what it is")
    return {name: choice for name, _, choice in pairs}


def choices(found: Survey) -> Iterator[str]:
    """Give what a person may say of each resource that is not clear."""
    for name, candidates in found.unclear.items():
        for each in candidates:
            yield f"--choose {name}={each.import_id or each.id}   is it {each}?"
        yield f"--choose {name}={NONE}   none of these"


def part(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Give a part of a report, where there is anything in it."""
    listed = [f"  {line}" for line in lines]
    if listed:
        yield from (f"\n{title}", *listed)
