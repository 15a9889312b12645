"""The rules: name, severity, reason, and how to fix what breaks each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from policy import data_loss, exposure, secrecy, upkeep
from policy.resources import Operation, Problems, Resources

Severity = Literal["mandatory", "advisory"]


@dataclass(frozen=True)
class Rule:
    """`check` takes the resources and the environment, `check_operations` the plan's operations.

    The engine shows its pack no operations: `check_operations` runs on an offline plan alone.
    """

    name: str
    severity: Severity
    reason: str
    fix: str
    check: Callable[[Resources, str], Problems]
    check_operations: Callable[[Sequence[Operation], Resources, str], Problems] | None = None


@dataclass(frozen=True)
class Violation:
    """A resource that breaks a rule. `message` contains no value that may be a secret."""

    rule: Rule
    resource: str
    message: str


RULES = (
    Rule(
        "no-open-ssh",
        "mandatory",
        "Root logs in over SSH: from the whole internet, one leaked key or flaw opens the machine.",
        "list the networks that may connect (ssh.allowList), and put the droplet behind a firewall",
        exposure.ssh,
    ),
    Rule(
        "trusted-sources",
        "mandatory",
        "A cluster without trusted sources answers anyone on the internet who has a password.",
        "add a DatabaseFirewall that lists droplets, apps or a private network",
        exposure.trusted_sources,
    ),
    Rule(
        "nothing-lost",
        "mandatory",
        "Lost data, access rules and public addresses cannot be restored by an `up`. The engine"
        " shows its pack no deletion and no replacement: the protection refuses those.",
        "take it out of estate:removals; move data by hand, outside of an `up`",
        data_loss.protected,
        data_loss.not_destroyed,
    ),
    Rule(
        "no-plain-secret",
        "mandatory",
        "Everyone who sees the code, the state or the console can read plain variables, user data,"
        " names and tags.",
        "rotate the secret at its source, and set the new one as `python -m ops secrets` shows",
        secrecy.plain_secrets,
    ),
    Rule(
        "droplet-backups",
        "mandatory",
        "The droplet holds files that are in no repository.",
        "set droplet.backups",
        data_loss.backups,
    ),
    Rule(
        "private-buckets",
        "mandatory",
        "A bucket that anyone may list gives away every file. The rule reads the declared ACL, CORS"
        " and policy, not the ACL of a single file or changes by hand. Without a policy against"
        " it, Spaces also answers plain HTTP.",
        "keep the ACL private, list each https:// site in CORS, and declare no bucket policy",
        exposure.buckets,
    ),
    Rule(
        "watched-urls",
        "advisory",
        "An outage of a public address without an uptime check raises no alarm.",
        "add an Uptime for it, or remove the name from DNS",
        upkeep.watched,
    ),
    Rule(
        "grouped-and-tagged",
        "advisory",
        "Without project and tags, the console and the bill show no owner.",
        "list it in the product's Grouping, and tag it with product and environment",
        upkeep.grouped,
    ),
    Rule(
        "caa-in-every-zone",
        "mandatory",
        "Without a CAA record any authority may issue a certificate for the zone.",
        "list the authorities in caaIssuers",
        upkeep.caa,
    ),
    Rule(
        "own-addresses",
        "mandatory",
        "An address that the estate does not own may pass to someone else, who then answers under"
        " our name.",
        "reference the droplet or reserved IP that owns the address; set another estate's address,"
        " used for a while, as standIn",
        upkeep.own_addresses,
    ),
    Rule(
        "known-regions",
        "mandatory",
        "Data stays in the regions chosen for it, next to its readers.",
        f"use {' or '.join(upkeep.REGIONS)}, or add the region to policy/upkeep.py",
        upkeep.regions,
    ),
    Rule(
        "internal-hosts",
        "mandatory",
        "Services and stores on our premises check no key: only isolation protects them.",
        "keep them on internal hosts with private addresses, and use those addresses nowhere else",
        exposure.on_premises,
    ),
    Rule(
        "no-redis",
        "mandatory",
        "DigitalOcean has retired the engine: such a cluster could not be rebuilt.",
        "use valkey",
        data_loss.engines,
    ),
)


def violations(
    resources: Resources,
    environment: str,
    operations: Sequence[Operation] = (),
    rules: Sequence[Rule] = RULES,
) -> list[Violation]:
    """Run the rules. `operations` are those of the plan, where the caller has one."""
    result = []
    for rule in rules:
        problems = list(rule.check(resources, environment))
        if rule.check_operations:
            problems += rule.check_operations(operations, resources, environment)
        result += [Violation(rule, name, _without_secret(text)) for name, text in problems]
    return result


def _without_secret(message: str) -> str:
    """Hide a message that contains a secret: a region or an ACL may have one by mistake."""
    return secrecy.HIDDEN if secrecy.looks_like(message) else message
