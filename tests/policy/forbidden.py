"""A program that breaks every rule: the engine is to refuse it, for each of them."""

import os

import pulumi
import pulumi_digitalocean as do

CANARY = os.environ["CANARY"]


class Host(pulumi.ComponentResource):
    """A host of the inventory, as the program describes one."""

    def __init__(self, name: str, exposure: str, address: str) -> None:
        props = {"role": "services", "exposure": exposure, "address": address, "carries": ["core"]}
        super().__init__("estate:pencom:Host", name, props)
        self.register_outputs({})


vpc = do.Vpc("vpc", name="vpc", region="nyc1", ip_range="10.1.0.0/20")
droplet = do.Droplet(
    "droplet",
    name="droplet",
    region="fra1",
    image="ubuntu-24-04-x64",
    size="s-1vcpu-1gb",
    vpc_uuid=vpc.id,
    backups=False,
    tags=[f"dop_v1_{CANARY}"],
    user_data=f"#cloud-config\npassword: {CANARY}\n",
)
do.Firewall(
    "firewall",
    name="firewall",
    inbound_rules=[
        do.FirewallInboundRuleArgs(
            protocol="tcp", port_range="1-65535", source_addresses=["0.0.0.0/0", "::/0"]
        )
    ],
)
cluster = do.DatabaseCluster(
    "cluster",
    name="cluster",
    engine="pg",
    version="16",
    size="db-s-1vcpu-1gb",
    region="fra1",
    node_count=1,
    private_network_uuid=vpc.id,
)
do.DatabaseFirewall(
    "sources",
    cluster_id=cluster.id,
    rules=[do.DatabaseFirewallRuleArgs(type="ip_addr", value="0.0.0.0/0")],
)
do.SpacesBucket("bucket", name="bucket", region="fra1", acl="public-read")
domain = do.Domain("domain", name="forbidden.test")
do.DnsRecord("literal", domain=domain.name, type="A", name="literal", value="198.51.100.9", ttl=300)
do.DnsRecord("ours", domain=domain.name, type="A", name="ours", value=droplet.ipv4_address, ttl=300)
do.DnsRecord("inside", domain=domain.name, type="TXT", name="inside", value="v=10.20.0.12", ttl=300)
do.App(
    "app",
    spec=do.AppSpecArgs(
        name="app",
        region="fra",
        databases=[do.AppSpecDatabaseArgs(name="cache", engine="REDIS")],
        services=[
            do.AppSpecServiceArgs(
                name="web",
                envs=[
                    # Hidden by Pulumi, shown by DigitalOcean; and the other way round.
                    do.AppSpecServiceEnvArgs(key="TOKEN", value=pulumi.Output.secret(CANARY)),
                    do.AppSpecServiceEnvArgs(key="DSN", value=f"amqp://me:{CANARY}@host.test"),
                    do.AppSpecServiceEnvArgs(
                        key="PASSWORD",
                        value=pulumi.Output.secret(f"amqp://me:{CANARY}@host.test"),
                        type="SECRET",
                    ),
                    do.AppSpecServiceEnvArgs(key="ADDRESS", value=droplet.ipv4_address),
                ],
            )
        ],
    ),
)
Host("inner", "internal", "10.20.0.12")
Host("open", "internet", "198.51.100.7")
