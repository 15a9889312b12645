"""From the engine's JSON to what an adoption would change, without the engine."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from ops.adopt.differences import Difference, differences
from ops.adopt.suggest_setting import SettingFinder
from ops.engine.documents import preview
from ops.plan.changes import Change
from ops.plan.graph import Graph, Resource

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
CANARY = "canary-live"
Inputs = dict[str, Any]


class NoSetting:
    """A keeper that finds `setting`, and remembers for which inputs."""

    def __init__(self, setting: str | None = None) -> None:
        self.found = setting
        self.asked: list[str] = []

    def setting(self, _: str, change: Change, __: Inputs) -> str | None:
        self.asked.append(change.path)
        return self.found


def told(
    old: Inputs,
    new: Inputs,
    *reasons: str,
    kind: str = "Thing",
    planned: Inputs | None = None,
    unread: Inputs | None = None,
    keeper: NoSetting | None = None,
    others: tuple[tuple[str, str], ...] = (),
) -> list[Difference]:
    """What is told of a thing; `others` are other resources, and what happens to them."""
    token = f"digitalocean:index/{kind.lower()}:{kind}"
    step = {
        "op": "replace" if reasons else "update",
        "urn": f"urn:pulumi:prod::estate::{token}::it",
        "oldState": {"inputs": old, "outputs": {}},
        "newState": {"inputs": new, "outputs": {}},
        "replaceReasons": list(reasons),
    }
    steps = [step, *({"op": op, "urn": f"u::e::{token}::{name}"} for name, op in others)]
    graph = Graph("prod", (_resource("it", token, planned or new),), {})
    answer = {"steps": steps}
    found = differences(
        preview(answer), {"it": unread or {}}, graph, cast(SettingFinder, keeper or NoSetting())
    )
    return found.get("it", [])


def _resource(name: str, token: str, inputs: Inputs) -> Resource:
    return Resource(f"urn::{name}", token, name, "", "krotrust", inputs, (), {}, True, (), True)


def lines(found: list[Difference]) -> list[str]:
    return [line.strip() for each in found for line in each.lines()]


def test_what_is_made_anew_comes_first_then_what_is_lost() -> None:
    found = told(
        {"a": 1, "tags": ["x", "y"], "monitoring": False},
        {"a": 2, "tags": ["x"], "monitoring": True},
        "monitoring",
    )
    assert lines(found) == [
        "REPLACE monitoring: False => True",
        "DROP    tags.y: 'y' => None",
        "update  a: 1 => 2",
    ]
    assert [each.as_json()["effect"] for each in found] == ["replace", "drop", "update"]


def test_another_name_of_a_bucket_is_another_bucket_whatever_the_engine_says() -> None:
    assert lines(told({"name": "a"}, {"name": "b"}, kind="SpacesBucket")) == [
        "REPLACE name: 'a' => 'b'"
    ]
    assert lines(told({"name": "a"}, {"name": "b"}, kind="Droplet")) == ["update  name: 'a' => 'b'"]


def test_what_an_import_does_not_read_is_told_as_it_is() -> None:
    old = {"size": "s"}
    new = {"size": "s", "acl": "private", "maintenanceWindows": [{"day": "sunday"}]}
    unread = {"acl": "public-read", "maintenanceWindows": [{"day": "friday"}]}
    keeper = NoSetting("estate:x: friday")
    found = told(old, new, unread=unread, keeper=keeper)
    assert lines(found) == [
        "update  acl: 'public-read' => 'private'",
        "to keep it: estate:x: friday",
        "update  maintenanceWindows.0.day: 'friday' => 'sunday'",
        "to keep it: estate:x: friday",
    ]
    assert keeper.asked == ["acl", "maintenanceWindows.0.day"]
    assert told(old, new, unread={name: new[name] for name in unread}) == []


def test_the_names_of_an_app_are_told_beside_the_rest_of_its_spec() -> None:
    old = {"spec": {"name": "site"}}
    names = [{"name": "a.test", "zone": "test"}, {"name": "b.test", "zone": "test"}]
    new = {"spec": {"name": "site", "domainNames": names[:1]}}
    (lost,) = told(old, new, unread={"spec": {"domainNames": names}})
    assert (lost.drift.path, lost.effect) == ("spec.domainNames.b.test", "drop")


def test_what_nobody_could_read_is_not_told_as_nothing() -> None:
    found = told({"size": "s"}, {"size": "s", "evictionPolicy": "allkeys_lru"})
    assert lines(found) == ["update  evictionPolicy: '[not read]' => 'allkeys_lru'"]


def test_what_follows_from_another_is_settled_with_it() -> None:
    old, new = {"clusterId": "1"}, {"clusterId": UNKNOWN}
    planned = {"clusterId": "<the-cluster.id>"}
    more = {"planned": planned, "others": (("the-cluster", "replace"), ("another", "replace"))}
    found = told(old, new, "clusterId", **cast(Any, more))
    assert lines(found) == [
        "REPLACE clusterId: '1' => '[known later]'",
        "settled with the-cluster",
    ]
    assert found[0].as_json()["after"] == ["the-cluster"]
    (found_one,) = told(old, new, "clusterId", keeper=NoSetting("estate:x: 1"), **cast(Any, more))
    assert (found_one.setting, found_one.after) == ("estate:x: 1", ())


@pytest.mark.parametrize("whole", [True, False])
def test_no_variable_webhook_or_password_is_told(whole: bool) -> None:
    variables = [
        {"key": "MONGO_URI", "value": f"mongodb://x:{CANARY}@y"},
        {"key": "JWT", "value": f"EV[1:{CANARY}]", "type": "SECRET"},
        {"key": "GONE", "value": CANARY},
    ]
    image = {"registryCredentials": CANARY, "tag": "1"}
    git = {"repoCloneUrl": f"https://x:{CANARY}@git.test", "branch": "main"}
    hidden = {"image": image, "git": git, "logDestinations": [CANARY]}
    service = {"name": "web", "envs": variables, **hidden}
    told_by = {"slackWebhooks": [{"url": CANARY, "channel": "#ops"}]}
    alerts = [{"rule": "DEPLOYMENT_FAILED", "destinations": told_by}]
    old = {
        "spec": {"services": [service], "alerts": alerts},
        "slacks": [{"url": CANARY}],
        "a": {"slacks": CANARY},
    }
    mine = [{"key": "MONGO_URI", "value": "${mongodb.URL}"}, {"key": "NEW", "value": CANARY}]
    other = {"name": "other" if whole else "web", "envs": mine, "image": {"tag": "2"}}
    found = told(old, {"spec": {"services": [other]}, "slacks": [], "a": None})
    said = "\n".join(lines(found)) + json.dumps([each.as_json() for each in found])
    assert CANARY not in said
    assert "EV[" not in said
    paths = {each.drift.path for each in found}
    if whole:
        assert "['MONGO_URI', 'JWT', 'GONE']" in said
        assert {"spec.services.web", "spec.services.other"} <= paths
    else:
        assert "DROP    spec.services.web.envs.GONE: 'set' => None" in said
        assert "update  spec.services.web.envs.NEW: None => 'set'" in said
        assert "update  spec.services.web.envs.MONGO_URI.value: changed" in said


def test_the_setting_of_a_variable_is_named_without_its_value() -> None:
    def spec(value: str) -> Inputs:
        return {"spec": {"services": [{"name": "web", "envs": [{"key": "TTL", "value": value}]}]}}

    found = told(spec(CANARY), spec("300"), keeper=NoSetting(f"estate:x.ttl: {CANARY}"))
    assert lines(found)[1:] == ["to keep it: estate:x.ttl: [secret]"]
    assert CANARY not in json.dumps([each.as_json() for each in found])


def test_variables_that_come_or_go_together_are_named() -> None:
    envs = [{"key": "A", "value": CANARY}, {"key": "B", "value": CANARY}]
    came = told({"spec": {"name": "x"}}, {"spec": {"name": "x", "envs": envs}})
    assert lines(came) == ["update  spec.envs: None => ['A', 'B']"]
    gone = told({"spec": {"name": "x", "envs": envs}}, {"spec": {"name": "x"}})
    assert lines(gone) == ["DROP    spec.envs: ['A', 'B'] => None"]


def test_what_app_platform_fills_in_is_not_told_as_lost() -> None:
    def service(**more: str) -> Inputs:
        return {"name": "web", "envs": [{"key": "A", "value": "1", **more}]}

    rules = {"rules": [{"component": {"name": "web"}, "match": {"path": {"prefix": "/"}}}]}
    filled = {"domains": ["a.test"], "features": ["buildpack-stack=ubuntu-22"], "ingress": rules}
    old = {"spec": {"services": [service(type="GENERAL")], **filled, "region": "fra"}}
    found = told(old, {"spec": {"services": [service()], "region": "ams"}})
    assert lines(found) == ["update  spec.region: 'fra' => 'ams'"]
    (changed,) = told(old, {"spec": {**old["spec"], "ingress": {"rules": []}}})
    assert changed.drift.path.startswith("spec.ingress.rules")


def test_a_long_value_is_cut_for_a_reader_and_whole_for_a_program() -> None:
    long = "x" * 500
    (found,) = told({"a": "y"}, {"a": long})
    (line,) = found.lines()
    assert line.endswith(" ...")
    assert len(line) < 250
    assert found.as_json()["new"] == long


def test_only_what_was_recognised_is_told_of() -> None:
    found = differences(
        preview(
            {"steps": [{"op": "create", "urn": "u::e::t::other", "newState": {"inputs": {"a": 1}}}]}
        ),
        {"it": {}},
        Graph("prod", (), {}),
        cast(SettingFinder, NoSetting()),
    )
    assert found == {}
