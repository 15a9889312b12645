"""What holds data and is gone from the account: an `up` would make an empty one in its place.

That would look healthy, and be written to, before anybody saw that it holds nothing. Reads only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from components.facts.holding import CACHES
from ops.cli.errors import UsageError
from ops.engine import pulumi_cli
from ops.engine.documents import State
from ops.impact.dependencies import contents
from ops.plan import config
from ops.plan.graph import build

MAKE_EMPTY = "--make-empty"
CLUSTER = "digitalocean:index/databaseCluster:DatabaseCluster"
BUCKET = "digitalocean:index/spacesBucket:SpacesBucket"
TARGETS = ("--target", "-t", "--exclude")  # what an `up` does not look at it does not make
DEPENDENTS = ("--target-dependents", "--exclude-dependents")


def before(
    command: str,
    stack: str,
    arguments: Sequence[str],
    make_empty: Collection[str] = (),
    config_file: str | None = None,
) -> None:
    """See, before a command that reads what is live, that no store is lost by it.

    An `up` makes an empty one, unless the stack is not guarded; a `refresh` forgets that there was
    one. Raises UsageError for what is gone and not in `make_empty`, and the other way round.
    """
    from stacks.estate import ENVIRONMENTS

    asked = command != "destroy" and _refreshes(arguments)
    if make_empty and not asked:
        raise UsageError(f"{MAKE_EMPTY} needs an `up` that refreshes; nothing was changed")
    if asked and (make_empty or (stack in ENVIRONMENTS and ENVIRONMENTS[stack].guarded)):
        check(stack, config_file, _scope(arguments), make_empty)


def check(
    stack: str,
    config_file: str | None,
    scope: Sequence[str] = (),
    make_empty: Collection[str] = (),
) -> None:
    """Ask the engine what is gone. Raises UsageError for what is and is not in `make_empty`."""
    gone = stores(stack, config_file, scope)
    if wrong := sorted(set(make_empty) - {*gone}):
        raise UsageError(
            f"{MAKE_EMPTY} names {', '.join(wrong)}; nothing was changed.\n  Allowed is what holds"
            f" data and is gone from the account: {', '.join(gone) or 'nothing is'}"
        )
    if lost := [name for name in gone if name not in make_empty]:
        raise UsageError("\n".join(_told(stack, lost)))


def stores(stack: str, config_file: str | None, scope: Sequence[str] = ()) -> list[str]:
    """Name what holds data, is declared and in the state, and gone from the account."""
    target = pulumi_cli.target(stack, config_file)
    refreshed = pulumi_cli.preview(*pulumi_cli.LIVE, *target, *scope)
    missing = {
        step.name
        for step in refreshed.steps
        if step.op == "delete" and step.old and _holds_data(step.old)
    }
    if not missing:
        return []
    # A store that the code no longer declares is not created again: its end is intended.
    planned = build(config.load(stack, file=config_file)).resources
    return sorted(missing & {each.name for each in planned})


def _holds_data(state: State) -> bool:
    cache = state.inputs.get("engine") in CACHES  # a cache may come back empty
    return state.type in (CLUSTER, BUCKET) and not cache


def _told(stack: str, lost: Sequence[str]) -> Iterator[str]:
    yield "gone from the account, and an `up` would make an empty one; nothing was changed:"
    for name in lost:
        yield f"  {name} held {contents(name)}"
        yield f"    what to do: python -m ops recover {name} --stack {stack}"
    yield "  Whoever has read that, and wants what is empty:"
    names = " ".join(f"{MAKE_EMPTY} {name}" for name in lost)
    yield f"    python -m ops up --stack {stack} {names}"


def _refreshes(arguments: Sequence[str]) -> bool:
    """Tell whether the command reads what is live; the engine takes the last word on it."""
    options = [each.partition("=") for each in arguments]
    words = [word for name, _, word in options if name in ("--refresh", "-r")]
    return not words or words[-1].lower() not in ("false", "f", "0")


def _scope(arguments: Sequence[str]) -> list[str]:
    """Give the options that say what a command looks at."""
    found = []
    rest = iter(arguments)
    for each in rest:
        name, given, _ = each.partition("=")
        if name in TARGETS:
            found += [each] if given else [each, next(rest, "")]
        elif name in DEPENDENTS:
            found.append(each)
    return found
