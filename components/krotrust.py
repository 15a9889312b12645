"""KROTrust (escrow): one droplet with Docker Compose, its managed PostgreSQL, files and DNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as do

from components.bucket import Bucket
from components.cloud_init import Host, user_data
from components.database import Database, DatabaseArgs
from components.droplet import ANYWHERE, Droplet, DropletArgs, Inbound, NewKey
from components.facts.krotrust import DATABASE_CA_FILE, HOSTS
from components.grouping import Grouping, GroupingArgs
from components.krotrust_settings import KroTrustSettings
from components.label import Label
from components.uptime import Uptime, UptimeArgs
from components.vpc import network
from components.zone import Zone, ZoneArgs


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
        server = _server(name, args, vpc.id, self)
        self.address = server.address
        database = Database(
            f"{name}-database",
            DatabaseArgs(
                engine="pg",
                settings=settings.database,
                region=settings.region,
                network_id=vpc.id,
                tags=args.label.tags,
                trusted=[do.DatabaseFirewallRuleArgs(type="droplet", value=server.droplet.id)],
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
        Grouping(
            f"{name}-grouping",
            GroupingArgs(
                label=args.label,
                description="KROTrust: escrow and conditional payment",
                urns=[
                    server.droplet.droplet_urn,
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


def _server(
    name: str, args: KroTrustArgs, vpc_id: pulumi.Input[str], parent: pulumi.Resource
) -> Droplet:
    return Droplet(
        f"{name}-server",
        DropletArgs(
            settings=args.settings.droplet,
            region=args.settings.region,
            vpc_id=vpc_id,
            ssh_key=NewKey(args.label.name("ssh"), args.ssh_public_key),
            firewall_name=args.label.name("web"),
            inbound=[
                Inbound("80", ANYWHERE),
                Inbound("443", ANYWHERE),
                Inbound("22", [str(network) for network in args.settings.ssh.allow_list]),
            ],
            user_data=_first_boot(args),
            alert_emails=args.alert_emails,
            reserved_ip=args.settings.reserved_ip,
            # Its parts existed before the component did and keep their names. The alias can go
            # once every stack has had an `up`; the prefix cannot.
            prefix=name,
            aliases=[pulumi.Alias(parent=parent)],
        ),
        pulumi.ResourceOptions(parent=parent),
    )


def _first_boot(args: KroTrustArgs) -> str:
    """Return the user data. It acts once, when the droplet is made."""
    settings = args.settings
    # One certificate for all names, in the folder that the handover's nginx mounts: it is the
    # first domain's.
    domains = [name for name in (settings.answers_for, settings.domain) if name]
    return user_data(
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
