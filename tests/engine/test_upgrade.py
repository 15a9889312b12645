"""A newer program takes over the state of an older one: nothing of the cloud is lost on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from by_hand import brought_up
from conftest import Engine

from ops.plan.urn import name_of

pytestmark = pytest.mark.engine

KRO = "components/krotrust.py"
DROPLET = "components/droplet.py"
REFACTORING = (  # (file, text, what takes its place)
    # A resource under another name.
    (
        DROPLET,
        '_firewall(f"{prefix}-firewall", args, self.droplet, child)',
        '_firewall(f"{prefix}-wall", args, self.droplet, pulumi.ResourceOptions('
        'parent=self, aliases=[pulumi.Alias(name=f"{prefix}-firewall")]))',
    ),
    # A resource in another component.
    (
        DROPLET,
        'self.ssh_key = _ssh_key(f"{prefix}-droplet-key", args.ssh_key, child)',
        'keys = pulumi.ComponentResource("estate:access:Keys", f"{prefix}-keys", {}, child)\n'
        '        self.ssh_key = _ssh_key(f"{prefix}-droplet-key", args.ssh_key,'
        " pulumi.ResourceOptions(parent=keys, aliases=[pulumi.Alias(parent=self)]))",
    ),
    # A component under another name, and the children that are named after it.
    (KRO, 'f"{name}-database",', 'f"{name}-escrow",'),
    (
        KRO,
        "            child,\n        )\n        self.database_host",
        "            pulumi.ResourceOptions("
        'parent=self, aliases=[pulumi.Alias(name=f"{name}-database")]),\n'
        "        )\n        self.database_host",
    ),
    # A component in another one, with its children.
    (
        KRO,
        'Bucket(f"{name}-files", settings.bucket, child)',
        'Bucket(f"{name}-files", settings.bucket, pulumi.ResourceOptions('
        "parent=database, aliases=[pulumi.Alias(parent=self)]))",
    ),
    # A component of another type, with its children.
    (
        "components/zone.py",
        '"estate:dns:Zone", name, stand_in, opts',
        '"estate:dns:Names", name, stand_in, pulumi.ResourceOptions.merge(opts,'
        ' pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="estate:dns:Zone")]))',
    ),
)
MOVED = {  # what that would make anew without its aliases, by its former name
    "krotrust-firewall",
    "krotrust-droplet-key",
    *(f"krotrust-database-{part}" for part in ("cluster", "db", "user", "trusted-sources")),
    "krotrust-files-bucket",
    *(f"krotrust-zone-a-{host}" for host in ("admin", "api", "app", "app2")),
    *(f"{system}-zone-caa-letsencrypt.org" for system in ("krotrust", "krogiving")),
    *("krogiving-zone-caa-pki.goog", "krogiving-zone-domain", "krotrust-zone-domain"),
}
ALIAS = re.compile(r"(, )?aliases=\[pulumi\.Alias\([^()]*\)\]")


def _cloud_steps(preview: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What would be done to the cloud's resources."""
    return [
        step
        for step in preview["steps"]
        if "digitalocean:index/" in step["urn"] and step["op"] != "same"
    ]


def _refactor(program: Path, *, aliases: bool) -> None:
    for file, old, new in REFACTORING:
        text = (program / file).read_text()
        assert text.count(old) == 1, old
        (program / file).write_text(text.replace(old, new if aliases else ALIAS.sub("", new)))


def _ids(engine: Engine) -> dict[str, str]:
    """The ids of everything real in the state, by logical name."""
    exported = json.loads(engine.run("stack", "export", "--stack", engine.stack).stdout)
    resources = exported["deployment"]["resources"]
    return {name_of(each["urn"]): each["id"] for each in resources if each["custom"]}


def test_renames_and_moves_with_aliases_keep_the_cloud_and_without_them_destroy(
    tmp_path: Path,
) -> None:
    engine = brought_up(tmp_path)
    ids, done = _ids(engine), engine.log()

    program = engine.own_program()
    kept = {file: (program / file).read_text() for file, _, _ in REFACTORING}
    _refactor(program, aliases=False)
    steps = _cloud_steps(engine.preview())
    lost = {name_of(step["urn"]) for step in steps if step["op"] == "delete"}
    assert lost == MOVED
    assert len([step for step in steps if step["op"] == "create"]) == len(MOVED)

    for file, text in kept.items():
        (program / file).write_text(text)
    _refactor(program, aliases=True)
    assert _cloud_steps(engine.preview()) == []
    engine.on_stack("up", "--yes", "--skip-preview")
    assert engine.log() == done
    moved = _ids(engine)
    assert moved["krotrust-wall"] == ids["krotrust-firewall"]
    assert sorted(moved.values()) == sorted(ids.values())
