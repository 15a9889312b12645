"""A droplet with its SSH key, its firewall, its alerts and, on request, a reserved address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pulumi
import pulumi_digitalocean as do
from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from components.types import AllowList, Day, DropletSize, Model, Name, SshPublicKey, Tag, Unique

ANYWHERE = ("0.0.0.0/0", "::/0")
ALERTS = {  # metric -> percentage above which an e-mail is sent
    "cpu": 90,
    "memory_utilization_percent": 90,
    "disk_utilization_percent": 80,
}


class BackupPolicy(Model):
    """When DigitalOcean copies the whole droplet; `weekday` belongs to a weekly plan."""

    plan: Literal["daily", "weekly"]
    hour: Literal[0, 4, 8, 12, 16, 20]
    weekday: Annotated[Day | None, Field(validate_default=True)] = None

    @field_validator("weekday")
    @classmethod
    def _day_of_a_week(cls, weekday: str | None, info: ValidationInfo) -> str | None:
        plan = info.data.get("plan")
        if plan and (plan == "weekly") != (weekday is not None):
            raise ValueError(f"{'a day' if plan == 'weekly' else 'null'}, since the plan is {plan}")
        return weekday


class DropletSettings(Model):
    """Described exactly as it runs: a wrong image, VPC, ipv6 or monitoring would replace it."""

    name: Annotated[Name, Unique("a droplet name")]
    image: Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]+|\d+)$")]
    size: DropletSize
    tags: tuple[Tag, ...]
    monitoring: bool
    ipv6: bool
    backups: BackupPolicy | None


class SshSettings(Model):
    """Who may log in as root. `public_key` None: not known yet, so that only a preview works."""

    public_key: Annotated[SshPublicKey, Unique("a public key", "key")] | None
    allow_list: AllowList


@dataclass(frozen=True)
class NewKey:
    """A public key that is not in the account yet, and the name that it gets there."""

    name: str
    public_key: str


@dataclass(frozen=True)
class Inbound:
    """An open port (`22`) or range of ports (`8000-8100`), and the networks that may reach it."""

    port_range: str
    sources: Sequence[str]
    protocol: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True)
class DropletArgs:
    """`ssh_key` is a new key, or the fingerprint of one that the account has: it takes each once.

    `inbound` is all that the firewall lets in; everything is let out. `user_data` is the cloud-init
    document of a first boot: without one, a rebuilt droplet is an empty machine. `alerts` maps a
    metric of `v1/insights/droplet/` to the value above which `alert_emails` get an e-mail. With
    `reserved_ip` the address outlives the droplet.

    `prefix` and `aliases` are for parts that existed before this component did: `prefix` begins
    their logical names in place of the component's own, `aliases` say where they were.
    """

    settings: DropletSettings
    region: str
    vpc_id: pulumi.Input[str]
    ssh_key: NewKey | pulumi.Input[str]
    firewall_name: str
    inbound: Sequence[Inbound]
    user_data: pulumi.Input[str]
    alert_emails: Sequence[str]
    alerts: Mapping[str, int] = field(default_factory=ALERTS.copy)
    reserved_ip: bool = False
    prefix: str | None = None
    aliases: Sequence[pulumi.Alias] = ()


class Droplet(pulumi.ComponentResource):
    """Outputs: `droplet`, `address` (IPv4), `ssh_key` (fingerprint; another droplet may take it).

    Children: `<name>-droplet`, `-droplet-key`, `-firewall`, `-alert-<metric>` and `-address`.
    """

    droplet: do.Droplet
    address: pulumi.Output[str]
    ssh_key: pulumi.Output[str]

    def __init__(
        self, name: str, args: DropletArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:compute:Droplet", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self, aliases=args.aliases)
        prefix = args.prefix or name
        self.ssh_key = _ssh_key(f"{prefix}-droplet-key", args.ssh_key, child)
        self.droplet = _droplet(f"{prefix}-droplet", args, self.ssh_key, child)
        self.address = self.droplet.ipv4_address
        if args.reserved_ip:
            # By droplet_id, never by an assignment resource: deleting one after its droplet panics
            # the provider.
            self.address = do.ReservedIp(
                f"{prefix}-address",
                region=args.region,
                droplet_id=self.droplet.id.apply(int),
                opts=child,
            ).ip_address
        _firewall(f"{prefix}-firewall", args, self.droplet, child)
        _alerts(f"{prefix}-alert", args, self.droplet, child)
        self.register_outputs({"address": self.address, "sshKey": self.ssh_key})


def _ssh_key(
    name: str, key: NewKey | pulumi.Input[str], child: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Return the key's fingerprint."""
    if not isinstance(key, NewKey):
        return pulumi.Output.from_input(key)
    # The key goes by its name in the account: a second one under that name is refused.
    opts = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True))
    return do.SshKey(name, name=key.name, public_key=key.public_key, opts=opts).fingerprint


def _droplet(
    name: str, args: DropletArgs, ssh_key: pulumi.Input[str], child: pulumi.ResourceOptions
) -> do.Droplet:
    settings = args.settings
    return do.Droplet(
        name,
        name=settings.name,
        region=args.region,
        image=settings.image,
        size=settings.size,
        vpc_uuid=args.vpc_id,
        ssh_keys=[ssh_key],
        user_data=args.user_data,
        tags=list(settings.tags),
        monitoring=settings.monitoring,
        ipv6=settings.ipv6,
        graceful_shutdown=True,
        backups=settings.backups is not None,
        backup_policy=_backup_policy(settings.backups),
        # These three act on the first boot and are never read back: a difference would replace
        # the machine and lose its disk. A new droplet is still created with them.
        opts=pulumi.ResourceOptions.merge(
            child, pulumi.ResourceOptions(ignore_changes=["user_data", "ssh_keys", "image"])
        ),
    )


def _backup_policy(policy: BackupPolicy | None) -> do.DropletBackupPolicyArgs | None:
    if policy is None:
        return None
    weekday = policy.weekday and policy.weekday[:3].upper()  # the API says SUN
    return do.DropletBackupPolicyArgs(plan=policy.plan, hour=policy.hour, weekday=weekday)


def _firewall(
    name: str, args: DropletArgs, droplet: do.Droplet, child: pulumi.ResourceOptions
) -> None:
    do.Firewall(
        name,
        name=args.firewall_name,
        droplet_ids=[droplet.id.apply(int)],
        inbound_rules=[
            do.FirewallInboundRuleArgs(
                protocol=rule.protocol,
                port_range=rule.port_range,
                source_addresses=list(rule.sources),
            )
            for rule in args.inbound
        ],
        # Without outbound rules a firewall blocks everything that the droplet calls.
        outbound_rules=[
            do.FirewallOutboundRuleArgs(
                protocol="tcp", port_range="1-65535", destination_addresses=list(ANYWHERE)
            ),
            do.FirewallOutboundRuleArgs(
                protocol="udp", port_range="1-65535", destination_addresses=list(ANYWHERE)
            ),
            do.FirewallOutboundRuleArgs(protocol="icmp", destination_addresses=list(ANYWHERE)),
        ],
        opts=child,
    )


def _alerts(
    prefix: str, args: DropletArgs, droplet: do.Droplet, child: pulumi.ResourceOptions
) -> None:
    for metric, value in args.alerts.items():
        # memory and disk, but load-5 and disk-read: two metrics never share a name.
        short = metric.removesuffix("_utilization_percent").replace("_", "-")
        do.MonitorAlert(
            f"{prefix}-{short}",
            description=f"{args.settings.name}: {metric} above {value}",
            type=f"v1/insights/droplet/{metric}",
            compare="GreaterThan",
            value=value,
            window="10m",
            enabled=True,
            entities=[droplet.id],
            alerts=do.MonitorAlertAlertsArgs(emails=list(args.alert_emails)),
            opts=child,
        )
