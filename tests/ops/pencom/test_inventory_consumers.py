"""Each export, read by its own program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from inventories import export_to, inventory_of, needs, planned, prod, run_program

from components.facts.pencom import SERVICES
from ops.pencom import export

IPV6 = {
    "hosts": {"vps-1": "2001:db8::1", "vps-2": "fd00::2", "vps-3": "fd00::3", "vps-4": "fd00::4"},
    "foreign": {"oracle-ecrs": "fd01::5"},
    "sshAllowList": ["2001:db8:1::/48", "198.18.0.0/24"],
}
PLAY = """\
- hosts: service_compliance
  gather_facts: false
  tasks:
    - ansible.builtin.assert:
        that:
          - pencom_compliance.ports.http == 6000
          - pencom_role == 'services'
          - ansible_host == '10.20.0.12'
          - hostvars[groups['store_redis'][0]].pencom_redis.port == 6379
    - ansible.builtin.copy: {content: x, dest: "{{ folder }}/compliance"}
- hosts: exposure_internal
  gather_facts: false
  tasks:
    - ansible.builtin.assert: {that: "'ProxyJump=203.0.113.20' in ansible_ssh_common_args"}
"""


def _ansible(folder: Path) -> dict[str, str]:
    return {**os.environ, "ANSIBLE_HOME": str(folder / "home"), "ANSIBLE_LOCALHOST_WARNING": "no"}


@needs("ansible-inventory")
def test_ansible_lists_the_inventory_without_a_warning(tmp_path: Path) -> None:
    file = export_to(prod(), "ansible", tmp_path) / "inventory.yml"
    environ = _ansible(tmp_path)
    result = subprocess.run(
        ["ansible-inventory", "-i", file, "--list"], capture_output=True, text=True, env=environ
    )
    assert (result.returncode, result.stderr) == (0, "")
    listed = json.loads(result.stdout)
    assert listed["service_core"]["hosts"] == ["vps-2"]
    assert listed["_meta"]["hostvars"]["vps-2"]["pencom_core"]["ports"] == {
        "http": 4000,
        "tcp": 4001,
    }


@needs("ansible-playbook")
def test_a_playbook_finds_the_facts_in_check_mode(tmp_path: Path) -> None:
    file = export_to(prod(), "ansible", tmp_path) / "inventory.yml"
    play = tmp_path / "play.yml"
    play.write_text(PLAY)
    extra = {"ansible_python_interpreter": sys.executable, "folder": str(tmp_path)}
    options = ("--check", "-c", "local", "-e", json.dumps(extra), "-i", file)
    printed = run_program("ansible-playbook", *options, play, env=_ansible(tmp_path))
    assert "changed=1" in printed
    assert not (tmp_path / "compliance").exists()
    assert "failed=0" in printed
    assert "vps-4" in printed
    assert "failed=1" not in printed


@needs("promtool")
@pytest.mark.parametrize("settings", [{}, IPV6], ids=["ipv4", "ipv6"])
def test_promtool_accepts_the_configuration_with_its_targets(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    folder = export_to(inventory_of(planned(**settings)), "prometheus", tmp_path)
    printed = run_program("promtool", "check", "config", folder / "prometheus.yml")
    assert "SUCCESS" in printed
    broken = folder / "targets" / "nodes.yml"
    broken.write_text(broken.read_text() + "- targets: 5\n")
    result = subprocess.run(
        ["promtool", "check", "config", folder / "prometheus.yml"], capture_output=True
    )
    assert result.returncode != 0  # so the targets were read above, too


@needs("ssh")
@pytest.mark.parametrize(
    ("host", "address", "jump"),
    [
        ("vps-1", "203.0.113.20", None),
        ("vps-2", "10.20.0.12", "vps-1"),
        ("vps-3", "10.20.0.13", "vps-1"),
        ("vps-4", "10.20.0.14", "vps-1"),
    ],
)
def test_ssh_resolves_each_host(host: str, address: str, jump: str | None, tmp_path: Path) -> None:
    config = export_to(prod(), "ssh", tmp_path) / "ssh_config"
    printed = run_program("ssh", "-G", "-F", config, host)
    resolved = dict(line.split(" ", 1) for line in printed.splitlines() if " " in line)
    assert resolved["hostname"] == address
    assert resolved["port"] == "22"
    assert resolved.get("proxyjump") == jump


@needs("nft")
@pytest.mark.parametrize("settings", [{}, IPV6], ids=["ipv4", "ipv6"])
def test_nft_accepts_the_rules_of_each_host(settings: dict[str, Any], tmp_path: Path) -> None:
    listed = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True)
    if listed.returncode:
        pytest.skip(f"nft has no permission: {listed.stderr.strip()}")
    files = sorted(export_to(inventory_of(planned(**settings)), "firewall", tmp_path).iterdir())
    assert [file.name for file in files] == [f"vps-{number}.nft" for number in range(1, 5)]
    for file in files:
        run_program("nft", "-c", "-f", file)


@needs("node")
@pytest.mark.parametrize("name", sorted(SERVICES))
def test_node_reads_what_a_skeleton_says(name: str, tmp_path: Path) -> None:
    text = (export_to(prod(), "env", tmp_path) / f"{name}.env").read_text()
    program = "console.log(JSON.stringify(require('util').parseEnv(process.argv[1])))"
    values = json.loads(run_program("node", "-e", program, text))
    service = SERVICES[name]
    listed = (*service.variables, *service.secrets)
    assert set(values) == {each for each in listed if not each.endswith("*")}
    assert values["CORE_SERVICE_URL"] == "http://10.20.0.12:4000"
    assert {values[secret] for secret in service.secrets} == {""}


@needs("node")
def test_node_reads_an_ecosystem_file(tmp_path: Path) -> None:
    folder = export_to(prod(), "pm2", tmp_path)
    program = "console.log(JSON.stringify(require(process.argv[1])))"
    document = json.loads(run_program("node", "-e", program, folder / "ecosystem.vps-2.config.js"))
    ports = {app["name"]: set(map(int, app["env"].values())) for app in document["apps"]}
    carried = prod().hosts["vps-2"].carries
    assert ports == {name: set(SERVICES[name].ports.values()) for name in carried}


def test_yaml_exports_hold_no_tag_that_only_python_knows() -> None:
    for form in ("ansible", "prometheus"):
        for text in export.texts(prod(), form).values():
            assert "!!python" not in text
            assert yaml.safe_load(text)
