"""Which thing of the account each planned resource is, where that is certain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.account.client import Account
from ops.account.live import KINDS, Kind, Live
from ops.cli.errors import UsageError
from ops.plan.graph import Graph, Resource
from ops.plan.identity import Inputs, agree
from ops.plan.references import reference

NONE = "none"  # said of a planned resource that is none of what may be it


@dataclass
class Survey:
    """What is known of plan and account together, by the resources' logical names.

    `lost` are recognised, too, but the provider imports none of their type. `unclear` are the
    candidates among which a person has to choose, and `waiting` those that are looked for once what
    they stand in is clear; `twins` those that are there beside the one that the state holds;
    `gone` those that are there instead of it, and `renamed` the name in the state of what is
    managed under another; `unmanaged` what no resource of the plan is.
    """

    matched: dict[str, Live] = field(default_factory=dict)
    lost: dict[str, Live] = field(default_factory=dict)
    managed: dict[str, Live] = field(default_factory=dict)
    unclear: dict[str, list[Live]] = field(default_factory=dict)
    waiting: dict[str, list[str]] = field(default_factory=dict)
    twins: dict[str, list[Live]] = field(default_factory=dict)
    gone: dict[str, list[Live]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    missing: list[Resource] = field(default_factory=list)
    unmanaged: list[Live] = field(default_factory=list)


def survey(
    planned: Graph, account: Account, managed: Mapping[str, str], chosen: Mapping[str, str]
) -> Survey:
    """Look every planned resource up in the account.

    `managed` are the ids in the state and `chosen` what a person said: the id that an import takes,
    or NONE; both by logical name. Raises UsageError for a choice that does not exist.
    """
    return _Search(planned, account, managed, chosen).run()


class _Search:
    def __init__(
        self,
        planned: Graph,
        account: Account,
        managed: Mapping[str, str],
        chosen: Mapping[str, str],
    ) -> None:
        self.found = Survey()
        self._account = account
        self._managed = managed
        self._chosen = chosen
        self._held: dict[str, list[Live]] = defaultdict(list)
        self._planned: dict[str, list[Resource]] = defaultdict(list)
        for resource in planned.resources:
            if resource.custom:
                self._planned[resource.kind].append(resource)
        names = {r.name for each in self._planned.values() for r in each}
        # Of the state, but of no resource of the plan: such as one that another has replaced.
        self._dropped = {name: id_ for name, id_ in managed.items() if name not in names}
        if wrong := sorted({*chosen} - names):
            raise UsageError(f"the plan has no resource {', '.join(wrong)} to choose for")

    def run(self) -> Survey:
        if unknown := sorted(self._planned.keys() - {kind.name for kind in KINDS}):
            raise UsageError(
                f"nobody has said how to recognise {', '.join(unknown)}: ops/account/live.py"
            )
        for kind in KINDS:
            if kind.name == "Droplet":
                addresses = self._addresses()
                self._match(kind, lambda name: {"addresses": addresses.get(name)})  # noqa: B023
            else:
                self._match(kind, lambda _: {})
        return self.found

    def _match(self, kind: Kind, more: Callable[[str], Inputs]) -> None:
        """Match one type: what the state holds, what a person said, what is certain, what may be.

        What two resources of the plan could be is certain of neither.
        """
        left = list(kind.list(self._account, self._held))
        matched = self.found.matched if kind.importer else self.found.lost
        wanted: dict[str, tuple[Resource, Inputs]] = {
            resource.name: (resource, {**self._resolved(resource.inputs), **more(resource.name)})
            for resource in self._planned[kind.name]
        }
        for name in [each for each in wanted if each in self._managed]:
            self._manage(*wanted.pop(name), kind, left)
        self._rename(kind, wanted, left)
        for name in [each for each in wanted if each in self._chosen]:
            self._choose(matched, wanted.pop(name)[0], left)
        same = {name: _agreeing(kind.same, each, left) for name, (_, each) in wanted.items()}
        claimed = [live for there in same.values() for live in there]
        for name, there in same.items():
            if len(there) == 1 and claimed.count(there[0]) == 1:
                self._hold(matched, wanted.pop(name)[0], there[0], left)
        for name, (resource, inputs) in wanted.items():
            parents = sorted(self._unclear(resource.inputs))
            made = [] if parents else [each for each in left if not each.given]
            if there := same[name] or _agreeing(kind.like, inputs, made):
                self.found.unclear[name] = there
            elif parents and kind.same:
                self.found.waiting[name] = parents
            else:
                self.found.missing.append(resource)
        found = self.found
        named = [*found.twins.values(), *found.gone.values(), *found.unclear.values()]
        told = [each for there in named for each in there]
        found.unmanaged += [each for each in left if each not in told and not each.given]

    def _unclear(self, value: Any) -> set[str]:
        """Name what a planned value refers to and nobody has found yet, though it may be there."""
        if isinstance(value, Mapping):
            return set().union(*map(self._unclear, value.values()))
        if isinstance(value, list):
            return set().union(*map(self._unclear, value))
        points = reference(value)
        found = self.found
        return {points.name} & {*found.unclear, *found.waiting, *found.gone} if points else set()

    def _manage(
        self, resource: Resource, inputs: Mapping[str, Any], kind: Kind, left: list[Live]
    ) -> None:
        """Recognise what the state holds, by its id alone, and what is there beside it or instead.

        Raises UsageError where a person chose another; the same again is no mistake.
        """
        there = _agreeing(kind.same, inputs, left)
        mine = [each for each in left if _is(each, self._managed[resource.name])]
        ours = [*mine, *self._still_held(there).values()]
        if others := [each for each in there if each not in ours]:
            (self.found.twins if mine else self.found.gone)[resource.name] = others
        known = mine[0].import_id or mine[0].id if mine else self._managed[resource.name]
        if self._chosen.get(resource.name, known) != known:
            raise UsageError(f"{resource.name} is {known} in the state already: nothing to choose")
        if mine:
            self._hold(self.found.managed, resource, mine[0], left)

    def _rename(
        self, kind: Kind, wanted: dict[str, tuple[Resource, Inputs]], left: list[Live]
    ) -> None:
        """Take out what the state holds under a name that the plan has not: an `up` deletes it.

        Imported under another name as well, it would be deleted all the same.
        """
        held = self._still_held(left)
        left[:] = [each for each in left if each not in held.values()]
        for was, live in held.items():
            alike = [
                name
                for name, (_, inputs) in wanted.items()
                if _agreeing(kind.same, inputs, [live]) and not _agreeing(kind.same, inputs, left)
            ]
            if len(alike) == 1:
                self.found.renamed[alike[0]] = was
                self._hold(self.found.managed, wanted.pop(alike[0])[0], live, [live])

    def _still_held(self, live: list[Live]) -> dict[str, Live]:
        """Find what the state holds and no resource of the plan is, by its name there."""
        return {name: each for name, i in self._dropped.items() for each in live if _is(each, i)}

    def _hold(
        self, among: dict[str, Live], resource: Resource, live: Live, left: list[Live]
    ) -> None:
        among[resource.name] = live
        self._held[live.kind].append(live)
        left.remove(live)

    def _choose(self, among: dict[str, Live], resource: Resource, left: list[Live]) -> None:
        choice = self._chosen[resource.name]
        if choice == NONE:
            self.found.missing.append(resource)
            return
        ids = {each.import_id or each.id: each for each in left}
        if choice not in ids:
            raise UsageError(
                f"{resource.name} cannot be {choice!r}: there are"
                f" {', '.join(ids) or 'none'}, or {NONE}"
            )
        self._hold(among, resource, ids[choice], left)

    def _addresses(self) -> dict[str, set[str]]:
        """Tell for each planned droplet where the names that shall point at it point today."""
        records = next(kind for kind in KINDS if kind.name == "DnsRecord")
        live: dict[tuple[str, str], set[str]] = defaultdict(set)
        for each in records.list(self._account, self._held):
            if each.inputs["type"] == "A":
                live[each.inputs["domain"], each.inputs["name"].lower()].add(each.inputs["value"])
        behind = {each.name: each.inputs.get("dropletId") for each in self._planned["ReservedIp"]}
        answers: dict[str, set[str]] = defaultdict(set)
        for resource in self._planned["DnsRecord"]:
            if points := reference(resource.inputs["value"]):
                droplet = reference(behind.get(points.name) or str(points))
                name = (resource.inputs["domain"], resource.inputs["name"])
                answers[droplet.name if droplet else ""] |= live[name]
        return answers

    def _resolved(self, value: Any) -> Any:
        """Put what is live in the place of each reference; None where that is not known."""
        if isinstance(value, Mapping):
            return {key: self._resolved(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._resolved(each) for each in value]
        if not (points := reference(value)):
            return value
        live = self.found.matched.get(points.name) or self.found.managed.get(points.name)
        return live and {"id": live.id, **live.outputs}.get(points.output)


def _is(live: Live, identity: str) -> bool:
    """Tell whether an id of the state is this one's; of trusted sources the provider adds to it."""
    own = live.kind == "DatabaseFirewall" and identity.startswith(f"{live.id}-")
    return own or live.id == identity


def _agreeing(keys: Iterable[Any], inputs: Mapping[str, Any], live: Iterable[Live]) -> list[Live]:
    """Find what agrees with some inputs in one of the keys."""
    wanted: list[Hashable] = [key(inputs) for key in keys]
    return [
        each
        for each in live
        if any(agree(key(each.inputs), w) for key, w in zip(keys, wanted, strict=True))
    ]
