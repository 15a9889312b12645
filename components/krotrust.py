"""KROTrust (escrow): one droplet with Docker Compose, its managed PostgreSQL, files and DNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as do

from components.bucket import Bucket
from components.cloud_init import Host, user_data
from components.database import Database, DatabaseArgs
from components.facts.krotrust import DATABASE_CA_FILE, HOSTS
from components.grouping import Grouping, GroupingArgs
from components.krotrust_settings import BackupPolicy, KroTrustSettings
from components.label import Label
from components.uptime import Uptime, UptimeArgs
from components.vpc import network
from components.zone import Zone, ZoneArgs

ALERTS = {  # what runs out on a droplet -> percentage that wakes somebody
    "cpu": 90,
    "memory_utilization_percent": 90,
    "disk_utilization_percent": 80,
}


@dataclass(frozen=True)
class KroTrustArgs:
    """Settings, and what the stack resolved before anything was registered."""

    label: Label
    settings: KroTrustSettings
    ssh_public_key: str
    alert_emails: Sequence[str]


class KroTrust(pulumi.ComponentResource):
    """Outputs: `address`, `urls`, and of its database `host` and `ca` (PEM; public, no secret)."""

    address: pulumi.Output[str]
    urls: Mapping[str, str]
    database_host: pulumi.Output[str]
    database_ca: pulumi.Output[str]

    def __init__(
        self, name: str, args: KroTrustArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:product:KroTrust", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        self.urls = {
            host: f"https://{host}.{settings.domain}{path}" for host, path in HOSTS.items()
        }

        vpc = network(f"{name}-vpc", settings.vpc, settings.region, self)
        droplet = _droplet(f"{name}-droplet", args, vpc.id, self)
        _firewall(f"{name}-firewall", args, droplet, child)
        self.address = droplet.ipv4_address
        if settings.reserved_ip:
            # Held by droplet_id, never by an assignment of its own: deleting one of those after
            # the droplet is gone panics the provider.
            self.address = do.ReservedIp(
                f"{name}-address",
                region=settings.region,
                droplet_id=droplet.id.apply(int),
                opts=child,
            ).ip_address
        database = Database(
            f"{name}-database",
            DatabaseArgs(
                engine="pg",
                settings=settings.database,
                region=settings.region,
                network_id=vpc.id,
                tags=args.label.tags,
                trusted=[do.DatabaseFirewallRuleArgs(type="droplet", value=droplet.id)],
            ),
            child,
        )
        self.database_host = database.cluster.private_host
        self.database_ca = do.get_database_ca_output(
            cluster_id=database.cluster.id, opts=pulumi.InvokeOutputOptions(parent=self)
        ).certificate
        files = Bucket(f"{name}-files", settings.bucket, child)
        zone = Zone(
            f"{name}-zone",
            ZoneArgs(
                domain=settings.domain,
                caa_issuers=settings.caa_issuers,
                addresses=dict.fromkeys(HOSTS, self.address),
                stand_in=str(settings.stand_in) if settings.stand_in else None,
                records=settings.records,
            ),
            child,
        )
        for host, url in self.urls.items():
            Uptime(f"{name}-uptime-{host}", UptimeArgs(url, args.alert_emails), child)
        _alerts(name, args, droplet, child)
        Grouping(
            f"{name}-grouping",
            GroupingArgs(
                label=args.label,
                description="KROTrust: escrow and conditional payment",
                urns=[
                    droplet.droplet_urn,
                    *(cluster.cluster_urn for cluster in database.clusters),
                    files.bucket.bucket_urn,
                    zone.domain.domain_urn,
                ],
            ),
            child,
        )
        self.register_outputs(
            {"address": self.address, "urls": self.urls, "databaseCa": self.database_ca}
        )


def _droplet(
    name: str, args: KroTrustArgs, vpc_id: pulumi.Input[str], parent: pulumi.Resource
) -> do.Droplet:
    settings, droplet = args.settings, args.settings.droplet
    key = do.SshKey(
        f"{name}-key",
        name=args.label.name("ssh"),
        public_key=args.ssh_public_key,
        # The key goes by its name in the account: a second one under that name is refused.
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
    # One certificate for all names, in the folder that the handover's nginx mounts: it is the
    # first domain's.
    domains = [name for name in (settings.answers_for, settings.domain) if name]
    first_boot = user_data(
        Host(
            certificate_name=domains[0],
            hosts=tuple(f"{host}.{domain}" for domain in domains for host in HOSTS),
            health_url=f"https://api.{domains[0]}{HOSTS['api']}",
            email=settings.certificate_email,
            git_base_url=settings.git_base_url,
            compose_folder=settings.compose_folder,
            database_ca_file=DATABASE_CA_FILE,
            ca_command=f"pulumi stack output --stack {args.label.environment} krotrustDatabaseCa",
        )
    )
    return do.Droplet(
        name,
        name=droplet.name,
        region=settings.region,
        image=droplet.image,
        size=droplet.size,
        vpc_uuid=vpc_id,
        ssh_keys=[key.fingerprint],
        user_data=first_boot,
        tags=list(droplet.tags),
        monitoring=droplet.monitoring,
        ipv6=droplet.ipv6,
        graceful_shutdown=True,
        backups=droplet.backups is not None,
        backup_policy=_backup_policy(droplet.backups),
        # These three act on the first boot and are never read back: a difference would replace
        # the machine that holds production.json. A new droplet is still made with them.
        opts=pulumi.ResourceOptions(
            parent=parent, ignore_changes=["user_data", "ssh_keys", "image"]
        ),
    )


def _backup_policy(policy: BackupPolicy | None) -> do.DropletBackupPolicyArgs | None:
    if policy is None:
        return None
    weekday = policy.weekday and policy.weekday[:3].upper()  # the API says SUN
    return do.DropletBackupPolicyArgs(plan=policy.plan, hour=policy.hour, weekday=weekday)


def _firewall(
    name: str, args: KroTrustArgs, droplet: do.Droplet, opts: pulumi.ResourceOptions
) -> None:
    anywhere = ["0.0.0.0/0", "::/0"]
    do.Firewall(
        name,
        name=args.label.name("web"),
        droplet_ids=[droplet.id.apply(int)],
        inbound_rules=[
            *(
                do.FirewallInboundRuleArgs(
                    protocol="tcp", port_range=port, source_addresses=anywhere
                )
                for port in ("80", "443")
            ),
            do.FirewallInboundRuleArgs(
                protocol="tcp",
                port_range="22",
                source_addresses=[str(network) for network in args.settings.ssh.allow_list],
            ),
        ],
        # Without outbound rules a firewall blocks everything that the containers call.
        outbound_rules=[
            do.FirewallOutboundRuleArgs(
                protocol="tcp", port_range="1-65535", destination_addresses=anywhere
            ),
            do.FirewallOutboundRuleArgs(
                protocol="udp", port_range="1-65535", destination_addresses=anywhere
            ),
            do.FirewallOutboundRuleArgs(protocol="icmp", destination_addresses=anywhere),
        ],
        opts=opts,
    )


def _alerts(
    name: str, args: KroTrustArgs, droplet: do.Droplet, opts: pulumi.ResourceOptions
) -> None:
    for metric, percent in ALERTS.items():
        do.MonitorAlert(
            f"{name}-alert-{metric.partition('_')[0]}",
            description=f"{args.settings.droplet.name}: {metric} above {percent}",
            type=f"v1/insights/droplet/{metric}",
            compare="GreaterThan",
            value=percent,
            window="10m",
            enabled=True,
            entities=[droplet.id],
            alerts=do.MonitorAlertAlertsArgs(emails=list(args.alert_emails)),
            opts=opts,
        )
