"""Matches each planned resource to a live one, where the match is certain."""

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

NONE = "none"  # a person's choice: the planned resource is none of the candidates


@dataclass
class Survey:
    """The live counterparts of planned resources, by logical name.

    - `matched`: certain, and to be imported
    - `lost`: certain, but the provider cannot import the type
    - `managed`: in the state already
    - `unclear`: the candidates among which a person has to choose
    - `waiting`: not searched yet, with the unclear resources that contain them
    - `twins`: live beside the one in the state
    - `gone`: live instead of the one in the state
    - `renamed`: managed, with the name that the state has for them
    - `missing`: planned and not live
    - `unmanaged`: live and in no plan
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


def match(
    planned: Graph, account: Account, managed: Mapping[str, str], chosen: Mapping[str, str]
) -> Survey:
    """Match every planned resource with the account.

    `managed` are the ids in the state and `chosen` a person's choices, by logical name: the id that
    an import takes, or NONE. Raises UsageError for a choice that does not exist.
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
        self.survey = Survey()
        self._account = account
        self._managed = managed
        self._chosen = chosen
        self._accepted: dict[str, list[Live]] = defaultdict(list)
        self._planned: dict[str, list[Resource]] = defaultdict(list)
        for resource in planned.resources:
            if resource.custom:
                self._planned[resource.kind].append(resource)
        names = {r.name for each in self._planned.values() for r in each}
        # In the state and not in the plan, such as one that another resource has replaced.
        self._not_planned = {name: id_ for name, id_ in managed.items() if name not in names}
        if wrong := sorted({*chosen} - names):
            raise UsageError(f"the plan has no resource {', '.join(wrong)} to choose for")

    def run(self) -> Survey:
        if unknown := sorted(self._planned.keys() - {kind.name for kind in KINDS}):
            raise UsageError(
                f"no rule recognises {', '.join(unknown)}: add one to ops/account/live.py"
            )
        for kind in KINDS:
            if kind.name == "Droplet":
                addresses = self._addresses()
                self._match(kind, lambda name: {"addresses": addresses.get(name)})  # noqa: B023
            else:
                self._match(kind, lambda _: {})
        return self.survey

    def _match(self, kind: Kind, more: Callable[[str], Inputs]) -> None:
        """Match one type: the state first, then a person's choices, then certain matches.

        A live resource that two planned ones could be is certain for neither.
        """
        left = list(kind.list(self._account, self._accepted))
        matched = self.survey.matched if kind.importer else self.survey.lost
        planned: dict[str, tuple[Resource, Inputs]] = {
            resource.name: (resource, {**self._resolved(resource.inputs), **more(resource.name)})
            for resource in self._planned[kind.name]
        }
        for name in [each for each in planned if each in self._managed]:
            self._manage(*planned.pop(name), kind, left)
        self._rename(kind, planned, left)
        for name in [each for each in planned if each in self._chosen]:
            self._choose(matched, planned.pop(name)[0], left)
        same = {name: _agreeing(kind.same, each, left) for name, (_, each) in planned.items()}
        claimed = [live for candidates in same.values() for live in candidates]
        for name, candidates in same.items():
            if len(candidates) == 1 and claimed.count(candidates[0]) == 1:
                self._accept(matched, planned.pop(name)[0], candidates[0], left)
        for name, (resource, inputs) in planned.items():
            parents = sorted(self._unclear(resource.inputs))
            similar = [] if parents else [each for each in left if not each.built_in]
            if candidates := same[name] or _agreeing(kind.like, inputs, similar):
                self.survey.unclear[name] = candidates
            elif parents and kind.same:
                self.survey.waiting[name] = parents
            else:
                self.survey.missing.append(resource)
        survey = self.survey
        lists = [*survey.twins.values(), *survey.gone.values(), *survey.unclear.values()]
        reported = [each for lives in lists for each in lives]
        survey.unmanaged += [e for e in left if e not in reported and not e.built_in]

    def _unclear(self, value: Any) -> set[str]:
        """Return the resources that a planned value refers to and that are not matched yet."""
        if isinstance(value, Mapping):
            return set().union(*map(self._unclear, value.values()))
        if isinstance(value, list):
            return set().union(*map(self._unclear, value))
        if not (target := reference(value)):
            return set()
        survey = self.survey
        return {target.name} & {*survey.unclear, *survey.waiting, *survey.gone}

    def _manage(
        self, resource: Resource, inputs: Mapping[str, Any], kind: Kind, left: list[Live]
    ) -> None:
        """Find a resource of the state by its id, and those that are live beside it or instead.

        Raises UsageError where a person chose another one.
        """
        candidates = _agreeing(kind.same, inputs, left)
        mine = [each for each in left if _is(each, self._managed[resource.name])]
        ours = [*mine, *self._in_state(candidates).values()]
        if others := [each for each in candidates if each not in ours]:
            (self.survey.twins if mine else self.survey.gone)[resource.name] = others
        known = mine[0].import_id or mine[0].id if mine else self._managed[resource.name]
        if self._chosen.get(resource.name, known) != known:
            raise UsageError(f"{resource.name} is {known} in the state already: nothing to choose")
        if mine:
            self._accept(self.survey.managed, resource, mine[0], left)

    def _rename(
        self, kind: Kind, planned: dict[str, tuple[Resource, Inputs]], left: list[Live]
    ) -> None:
        """Take out what the state has under a name that the plan lacks: an `up` deletes it.

        Imported under another name as well, it would still be deleted.
        """
        in_state = self._in_state(left)
        left[:] = [each for each in left if each not in in_state.values()]
        for old_name, live in in_state.items():
            same = [
                name
                for name, (_, inputs) in planned.items()
                if _agreeing(kind.same, inputs, [live]) and not _agreeing(kind.same, inputs, left)
            ]
            if len(same) == 1:
                self.survey.renamed[same[0]] = old_name
                self._accept(self.survey.managed, planned.pop(same[0])[0], live, [live])

    def _in_state(self, live: list[Live]) -> dict[str, Live]:
        """Return those that the state has and the plan lacks, by their name in the state."""
        return {
            name: each for name, i in self._not_planned.items() for each in live if _is(each, i)
        }

    def _accept(
        self, among: dict[str, Live], resource: Resource, live: Live, left: list[Live]
    ) -> None:
        among[resource.name] = live
        self._accepted[live.kind].append(live)
        left.remove(live)

    def _choose(self, among: dict[str, Live], resource: Resource, left: list[Live]) -> None:
        choice = self._chosen[resource.name]
        if choice == NONE:
            self.survey.missing.append(resource)
            return
        ids = {each.import_id or each.id: each for each in left}
        if choice not in ids:
            raise UsageError(
                f"{resource.name} cannot be {choice!r}: there are"
                f" {', '.join(ids) or 'none'}, or {NONE}"
            )
        self._accept(among, resource, ids[choice], left)

    def _addresses(self) -> dict[str, set[str]]:
        """Return where the DNS names of each planned droplet point today."""
        records = next(kind for kind in KINDS if kind.name == "DnsRecord")
        live: dict[tuple[str, str], set[str]] = defaultdict(set)
        for each in records.list(self._account, self._accepted):
            if each.inputs["type"] == "A":
                live[each.inputs["domain"], each.inputs["name"].lower()].add(each.inputs["value"])
        reserved = {each.name: each.inputs.get("dropletId") for each in self._planned["ReservedIp"]}
        addresses: dict[str, set[str]] = defaultdict(set)
        for resource in self._planned["DnsRecord"]:
            if target := reference(resource.inputs["value"]):
                droplet = reference(reserved.get(target.name) or str(target))
                name = (resource.inputs["domain"], resource.inputs["name"])
                addresses[droplet.name if droplet else ""] |= live[name]
        return addresses

    def _resolved(self, value: Any) -> Any:
        """Replace each reference by its live value; None where that is not known."""
        if isinstance(value, Mapping):
            return {key: self._resolved(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._resolved(each) for each in value]
        if not (target := reference(value)):
            return value
        live = self.survey.matched.get(target.name) or self.survey.managed.get(target.name)
        return live and {"id": live.id, **live.outputs}.get(target.output)


def _is(live: Live, identity: str) -> bool:
    """Whether an id of the state is this one's. The provider adds to the id of trusted sources."""
    own = live.kind == "DatabaseFirewall" and identity.startswith(f"{live.id}-")
    return own or live.id == identity


def _agreeing(keys: Iterable[Any], inputs: Mapping[str, Any], live: Iterable[Live]) -> list[Live]:
    """Return the live resources that agree with some inputs in one of the keys."""
    planned: list[Hashable] = [key(inputs) for key in keys]
    return [
        each
        for each in live
        if any(agree(key(each.inputs), w) for key, w in zip(keys, planned, strict=True))
    ]
