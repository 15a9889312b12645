"""A settled stage stack in the stand-in's cloud, and what somebody does there by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import CANARIES, SEAL_KEY, Engine

from rehearsal import cloud

State = dict[str, Any]
# What no `up` sees or mends, and how that is told of the bucket kro-stage-files.
PUBLIC = (
    "krotrust-files-bucket  acl: 'private' => 'public-read'",
    "  an `up` neither sees nor mends it; this does:"
    ' AWS_ACCESS_KEY_ID="$SPACES_ACCESS_KEY_ID" AWS_SECRET_ACCESS_KEY="$SPACES_SECRET_ACCESS_KEY"'
    " aws s3api put-bucket-acl --bucket kro-stage-files --acl private"
    " --endpoint-url https://fra1.digitaloceanspaces.com",
)


def brought_up(folder: Path) -> Engine:
    """The stage stack after `make up`: its secrets were sent plain, and are sealed now."""
    engine = Engine(folder, "stage")
    engine.ready_for_up()
    engine.environ |= SEAL_KEY
    engine.on_stack("up", "--yes", "--skip-preview", environ=CANARIES)
    engine.ops("seal")
    return engine


def settle(after_up: Engine, folder: Path) -> Engine:
    """A copy of it after another `up`, which sent the sealed secrets."""
    engine = after_up.copy(folder)
    engine.on_stack("up", "--yes", "--skip-preview", "--expect-no-changes")
    return engine


def by_hand(
    engine: Engine,
    kind: str,
    which: Callable[[State], bool],
    change: Callable[[State], object] | None,
) -> None:
    """Change a resource in the stand-in's cloud, or delete it."""
    with cloud.edit(engine.folder / "cloud.json") as content:
        touch(content, kind, which, change)


def touch(
    content: dict[str, Any],
    kind: str,
    which: Callable[[State], bool],
    change: Callable[[State], object] | None,
) -> None:
    """Change the only resource of a kind that fits, or take it out."""
    (key,) = [
        key
        for key, held in content["resources"].items()
        if key.startswith(f"{kind}/") and which(held["state"])
    ]
    if change is None:
        del content["resources"][key]
    else:
        change(content["resources"][key]["state"])


def only(_: State) -> bool:
    """Any: there is but one of the kind."""
    return True


def named(name: str) -> Callable[[State], bool]:
    """The one of that name."""
    return lambda state: state["name"] == name


def parts(printed: str) -> tuple[str, list[str], list[str]]:
    """What `ops drift` printed: the provider, the lines of one part and of the other."""
    first, live, code = printed.split("\n\n")
    assert live.startswith("live against state:\n  ")
    assert code.startswith("code against state:\n  ")
    return first, live.split("\n  ")[1:], code.rstrip("\n").split("\n  ")[1:]
