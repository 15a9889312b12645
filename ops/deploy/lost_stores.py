"""Stores that are missing from the account: an `up` would create empty ones in their place.

An empty store looks healthy, and takes writes before anyone notices that it is empty. Reads only.
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
from stacks.discovery import environments

MAKE_EMPTY = "--make-empty"
CLUSTER = "digitalocean:index/databaseCluster:DatabaseCluster"
BUCKET = "digitalocean:index/spacesBucket:SpacesBucket"
TARGETS = ("--target", "-t", "--exclude")  # an `up` creates nothing outside its targets
DEPENDENTS = ("--target-dependents", "--exclude-dependents")


def before(
    command: str,
    stack: str,
    arguments: Sequence[str],
    make_empty: Collection[str] = (),
    config_file: str | None = None,
) -> None:
    """Refuse a command that would replace a missing store by an empty one, or forget it.

    An `up` creates an empty one and a `refresh` forgets the store. Only guarded stacks are checked.
    Raises UsageError for a missing store that is not in `make_empty`, and for a name there that is
    no missing store.
    """
    environment = environments().get(stack)
    refreshes = command != "destroy" and _refreshes(arguments)
    if make_empty and not refreshes:
        raise UsageError(f"{MAKE_EMPTY} needs an `up` that refreshes; nothing was changed")
    if refreshes and (make_empty or (environment and environment.guarded)):
        check(stack, config_file, _scope(arguments), make_empty)


def check(
    stack: str,
    config_file: str | None,
    scope: Sequence[str] = (),
    make_empty: Collection[str] = (),
) -> None:
    """Raise UsageError for a missing store that is not in `make_empty`. Asks the engine."""
    missing = stores(stack, config_file, scope)
    if wrong := sorted(set(make_empty) - {*missing}):
        raise UsageError(
            f"{MAKE_EMPTY} names {', '.join(wrong)}; nothing was changed.\n  Allowed are stores"
            f" that are missing from the account: {', '.join(missing) or 'none is'}"
        )
    if lost := [name for name in missing if name not in make_empty]:
        raise UsageError("\n".join(_refusal(stack, lost)))


def stores(stack: str, config_file: str | None, scope: Sequence[str] = ()) -> list[str]:
    """Return the names of stores that are declared, in the state, and missing from the account."""
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


def _refusal(stack: str, lost: Sequence[str]) -> Iterator[str]:
    yield "missing from the account, and an `up` would create it empty; nothing was changed:"
    for name in lost:
        yield f"  {name} held {contents(name)}"
        yield f"    what to do: python -m ops recover {name} --stack {stack}"
    yield "  If you have read that page and want an empty one:"
    names = " ".join(f"{MAKE_EMPTY} {name}" for name in lost)
    yield f"    python -m ops up --stack {stack} {names}"


def _refreshes(arguments: Sequence[str]) -> bool:
    """Whether the command refreshes. The engine takes the last value of the option."""
    options = [each.partition("=") for each in arguments]
    words = [word for name, _, word in options if name in ("--refresh", "-r")]
    return not words or words[-1].lower() not in ("false", "f", "0")


def _scope(arguments: Sequence[str]) -> list[str]:
    """Return the options that limit a command to some resources."""
    options = []
    rest = iter(arguments)
    for each in rest:
        name, value, _ = each.partition("=")
        if name in TARGETS:
            options += [each] if value else [each, next(rest, "")]
        elif name in DEPENDENTS:
            options.append(each)
    return options
