"""The rules: what each is called, why it is there, how to mend what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from policy import exposure, keeping, secrecy, upkeep
from policy.estate import Found, Operation, Resources

Severity = Literal["mandatory", "advisory"]


@dataclass(frozen=True)
class Rule:
    """`check` takes the resources and the environment, `check_operations` what a plan would do.

    Only a reader of the plan has operations: the engine shows its pack none.
    """

    name: str
    severity: Severity
    reason: str
    mend: str
    check: Callable[[Resources, str], Found]
    check_operations: Callable[[Sequence[Operation], Resources, str], Found] | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that breaks a rule. No value that may be a secret is part of it."""

    rule: Rule
    resource: str
    found: str


RULES = (
    Rule(
        "no-open-ssh",
        "mandatory",
        "Root logs in over SSH: from the whole internet, one leaked key or flaw opens the machine.",
        "name the networks that may come in (ssh.allowList), and the droplet in a firewall",
        exposure.ssh,
    ),
    Rule(
        "trusted-sources",
        "mandatory",
        "A cluster without trusted sources answers anybody on the internet who has a password.",
        "give the cluster a DatabaseFirewall that names droplets, apps or a private network",
        exposure.trusted_sources,
    ),
    Rule(
        "nothing-lost",
        "mandatory",
        "What holds data, keeps strangers out of it or is known outside cannot be brought back. The"
        " engine shows its pack no deletion and no replacement: those, the protection refuses.",
        "take it out of estate:removals; moving data away is a person's work, outside of an up",
        keeping.protected,
        keeping.kept,
    ),
    Rule(
        "no-plain-secret",
        "mandatory",
        "What stands in a plain variable, user data, a name or a tag is read by everybody who sees"
        " the code, the state or the console.",
        "change the secret at its source, and bring the new one in through `python -m ops secrets`",
        secrecy.plain_secrets,
    ),
    Rule(
        "droplet-backups",
        "mandatory",
        "The droplet holds files that are in no repository.",
        "set droplet.backups",
        keeping.backups,
    ),
    Rule(
        "private-buckets",
        "mandatory",
        "A bucket that anybody may list gives away every file. Seen are ACL, CORS and policy as"
        " declared: not the ACL of a single file, nor what was changed by hand. Spaces answers"
        " plain HTTP, too, where no policy refuses it.",
        "keep the ACL private, name each https:// site in CORS, and leave bucket policies out",
        exposure.buckets,
    ),
    Rule(
        "watched-urls",
        "advisory",
        "Nobody is told when a public address without an uptime check is down.",
        "add an Uptime for it, or take the name out of DNS",
        upkeep.watched,
    ),
    Rule(
        "grouped-and-tagged",
        "advisory",
        "What is in no project and has no tags belongs to nobody in the console and on the bill.",
        "list it in the product's Grouping, and tag it with product and environment",
        upkeep.grouped,
    ),
    Rule(
        "caa-in-every-zone",
        "mandatory",
        "Without a CAA record any authority may issue a certificate for the zone.",
        "name the authorities in caaIssuers",
        upkeep.caa,
    ),
    Rule(
        "own-addresses",
        "mandatory",
        "An address that the estate does not hold may be somebody else's tomorrow, who then answers"
        " under our name.",
        "take the address from the droplet or the reserved IP that holds it; another estate's,"
        " which answers for a while, goes into standIn",
        upkeep.own_addresses,
    ),
    Rule(
        "known-regions",
        "mandatory",
        "Data stays in the regions that were chosen for it, next to what reads it.",
        f"use {' or '.join(upkeep.REGIONS)}, or add the region to policy/upkeep.py",
        upkeep.regions,
    ),
    Rule(
        "internal-hosts",
        "mandatory",
        "Services and stores on our premises check no key: only their isolation protects them.",
        "keep them on internal hosts with private addresses, and name those nowhere else",
        exposure.on_premises,
    ),
    Rule(
        "no-redis",
        "mandatory",
        "DigitalOcean has retired the engine: such a cluster could not be rebuilt.",
        "use valkey",
        keeping.engines,
    ),
)


def findings(
    resources: Resources,
    environment: str,
    operations: Sequence[Operation] = (),
    rules: Sequence[Rule] = RULES,
) -> list[Finding]:
    """Run the rules. `operations` are what a plan would do, where the caller has one."""
    found = []
    for rule in rules:
        each = list(rule.check(resources, environment))
        if rule.check_operations:
            each += rule.check_operations(operations, resources, environment)
        found += [Finding(rule, name, _shown(text)) for name, text in each]
    return found


def _shown(text: str) -> str:
    """Keep a secret out of a message, should somebody have typed it in an unlikely place."""
    return secrecy.HIDDEN if secrecy.looks_like(text) else text
