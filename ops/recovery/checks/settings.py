"""Whether an `up` would accept the settings, and Pencom's hosts could be reached with them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from ops.cli.findings import Finding, Part
from ops.pencom import inventory, ssh
from ops.recovery.checks.subject import Subject
from stacks.required_values import PLACEHOLDERS

SETTINGS, PENCOM = Part("settings"), Part("pencom")


def refused(subject: Subject) -> Iterator[Finding]:
    """Check each stack file for mistakes and for missing values."""
    for plan in subject.plans:
        missing = [each.partition("  ") for each in plan.missing if "  a secret;" not in each]
        if plan.mistakes:
            repair = f"correct it until `python -m ops plan --stack {plan.stack}` accepts it"
            yield SETTINGS.bad(plan.file, plan.mistakes, repair)
        elif not missing:
            yield SETTINGS.ok(plan.file, "complete for an `up`")
        for key, _, text in missing:
            detail, _, repair = text.partition("; ")
            yield SETTINGS.bad(f"{plan.stack}: {key}", detail, repair)


def pencom(subject: Subject) -> Iterator[Finding]:
    """Check that the settings have the addresses of Pencom's hosts."""
    plan = subject.plan
    if not (settings := plan.setting("pencom")):
        return
    places = [(f"hosts.{name}", each) for name, each in settings.get("hosts", {}).items()]
    places += [("sshAllowList", each) for each in settings.get("sshAllowList", ())]
    places += [(f"foreign.{name}", each) for name, each in settings.get("foreign", {}).items()]
    for name, address in places:
        placeholder = _is_placeholder(address)
        detail = f"{address} is a placeholder" if placeholder else str(address)
        repair = f"ask the infrastructure team, and write it into {plan.file}"
        key = f"{plan.settings.project}:pencom.{name}"
        yield PENCOM.verdict(key, detail, repair, ok=not placeholder)
    if plan.graph:
        declared = inventory.from_resources(plan.stack, plan.graph.resources)
        hosts = ssh.files(declared)[ssh.FILE].count("Host ")
        source = f"`python -m ops inventory --stack {plan.stack} --format ssh`"
        yield PENCOM.ok("ssh configuration", f"{hosts} hosts, written by {source}")


def _is_placeholder(address: object) -> bool:
    try:
        network = ip_network(str(address))
    except ValueError:
        return False  # a host name; anything else is a mistake of the settings
    return any(network.version == each.version and network.overlaps(each) for each in PLACEHOLDERS)
