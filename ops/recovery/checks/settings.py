"""What an `up` would refuse, and a recovery would stop at; and what Pencom's hosts need."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from ops.cli.findings import Finding
from ops.pencom import inventory, ssh
from ops.recovery.checks.subject import Subject
from stacks.required_values import PLACEHOLDERS


def refused(subject: Subject) -> Iterator[Finding]:
    """Name what is wrong in a stack file, and each value that it does not have yet."""
    for plan in subject.plans:
        lacking = [each.partition("  ") for each in plan.lacking if "  a secret;" not in each]
        if plan.mistakes:
            mend = f"python -m ops plan --stack {plan.stack} says it, until it is right"
            yield Finding("settings", plan.file, "bad", plan.mistakes, mend)
        elif not lacking:
            yield Finding("settings", plan.file, "ok", "an `up` would not ask for more")
        for key, _, told in lacking:
            where, _, mend = told.partition("; ")
            yield Finding("settings", f"{plan.stack}: {key}", "bad", where, mend)


def pencom(subject: Subject) -> Iterator[Finding]:
    """Look whether Pencom's hosts could be reached with what the stack file says."""
    if not (own := subject.plan.setting("pencom")):
        return
    key = f"{subject.plan.settings.project}:pencom"
    places = [(f"hosts.{name}", address) for name, address in own.get("hosts", {}).items()]
    places += [("sshAllowList", network) for network in own.get("sshAllowList", ())]
    places += [(f"foreign.{name}", each) for name, each in own.get("foreign", {}).items()]
    for name, address in places:
        if _placeholder(address):
            told = f"{address} stands for an address that is not known"
            mend = f"ask the infrastructure team, and write it into {subject.plan.file}"
            yield Finding("pencom", f"{key}.{name}", "bad", told, mend)
        else:
            yield Finding("pencom", f"{key}.{name}", "ok", str(address))
    if subject.plan.graph:
        found = subject.plan.graph.resources
        declared = ((each.type, each.name, each.inputs) for each in found)
        hosts = ssh.files(inventory.read(subject.plan.stack, declared))[ssh.FILE].count("Host ")
        told = (
            f"{hosts} hosts, by `python -m ops inventory --stack {subject.plan.stack} --format ssh`"
        )
        yield Finding("pencom", "ssh configuration", "ok", told)


def _placeholder(address: object) -> bool:
    try:
        network = ip_network(str(address))
    except ValueError:
        return False  # a name; what is neither is a mistake of the settings
    return any(network.version == each.version and network.overlaps(each) for each in PLACEHOLDERS)
