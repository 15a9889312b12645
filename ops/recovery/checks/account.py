"""What the account answers, asked at once: its lists, its limits, its buckets and its backups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from components.facts.stores import CACHES
from ops.account.client import Account, RefusedError, refusals, visit
from ops.account.lists import LISTS as ACCOUNT_LISTS
from ops.cli.errors import UsageError

AT_ONCE = 8
ACCOUNT = "account:read"
NAMES = (
    *("apps", "cdns", "clusters", "domains", "droplets", "firewalls", "monitor alerts"),
    *("projects", "reserved IPs", "Spaces keys", "SSH keys", "tags", "uptime checks", "VPCs"),
)
LISTS: Mapping[str, str] = {ACCOUNT_LISTS[name].scope: name for name in NAMES}  # by token scope
Asks = Mapping[str, Callable[[], Any]]


@dataclass(frozen=True)
class Seen:
    """Answers by what was asked for; an error stands where one was refused.

    `closed` says why there are none at all.
    """

    answers: Mapping[str, Any]
    closed: str = ""

    def told(self, name: str) -> Any:
        """Give an answer. Raises UsageError with why there is none."""
        if self.closed:
            raise UsageError(self.closed)
        answer = self.answers[name]
        if isinstance(answer, UsageError):
            raise answer
        return answer

    def refused(self, name: str) -> RefusedError | None:
        """Give the refusal of what was asked for, if it was refused."""
        answer = self.answers.get(name)
        return answer if isinstance(answer, RefusedError) else None

    def called(self, kind: str, name: str) -> dict[str, Any] | None:
        """Give the droplet or cluster of a name. Raises UsageError where nobody could look."""
        listed = self.told(f"{kind}:read")
        found: dict[str, Any] | None = next((each for each in listed if each["name"] == name), None)
        return found


def see(
    environ: Mapping[str, str], names: Iterable[tuple[str, str]], regions: Iterable[str]
) -> Seen:
    """Look at the account. `names` are (`droplet` or `database`, name) of what has backups."""
    try:
        with visit(environ) as account:
            asks: dict[str, Callable[[], Any]] = {
                scope: partial(account.read, name) for scope, name in LISTS.items()
            }
            asks[ACCOUNT] = account.details
            for region in regions:  # one after the other: making a client is not safe at once
                asks[spaces(region)] = _buckets(account, region)
            seen = Seen(_together(asks))
            return Seen({**seen.answers, **_together(_backups(account, seen, names))})
    except UsageError as error:
        return Seen({}, str(error))


def spaces(region: str) -> str:
    """Name the question for a region's buckets."""
    return f"Spaces in {region}"


def backups(identity: object) -> str:
    """Name the question for a thing's backups."""
    return f"backups of {identity}"


def _buckets(account: Account, region: str) -> Callable[[], Any]:
    try:
        client = account.spaces(region)
    except UsageError as error:
        return partial(_raise, error)
    return lambda: client.list_buckets()["Buckets"]


def _backups(account: Account, seen: Seen, names: Iterable[tuple[str, str]]) -> Asks:
    lists = {"droplet": "droplet backups", "database": "cluster backups"}
    asks: dict[str, Callable[[], Any]] = {}
    for kind, name in names:
        try:
            found = seen.called(kind, name)
        except UsageError:
            continue  # said where it is looked for
        if found and found.get("engine") not in CACHES:
            asks[backups(found["id"])] = partial(account.read, lists[kind], found["id"])
    return asks


def _together(asks: Asks) -> dict[str, Any]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(asks, pool.map(_answer, asks.values()), strict=True))


def _answer(ask: Callable[[], Any]) -> Any:
    try:
        with refusals():
            return ask()
    except UsageError as error:
        return error


def _raise(error: UsageError) -> None:
    raise error
