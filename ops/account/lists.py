"""What the account is asked for: every list of DigitalOcean's API that a command reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class List:
    """One list of the API.

    `group` and `method` name the call of DigitalOcean's client, `envelope` the key of its answer,
    and `scope` what a token needs to read it.
    """

    scope: str
    group: str
    method: str
    envelope: str


LISTS: Mapping[str, List] = {
    "apps": List("app:read", "apps", "list", "apps"),
    "app deployments": List("app:read", "apps", "list_deployments", "deployments"),
    "cdns": List("cdn:read", "cdn", "list_endpoints", "endpoints"),
    "clusters": List("database:read", "databases", "list_clusters", "databases"),
    "cluster backups": List("database:read", "databases", "list_backups", "backups"),
    "cluster databases": List("database:read", "databases", "list", "dbs"),
    "cluster rules": List("database:read", "databases", "list_firewall_rules", "rules"),
    "cluster users": List("database:read", "databases", "list_users", "users"),
    "domains": List("domain:read", "domains", "list", "domains"),
    "domain records": List("domain:read", "domains", "list_records", "domain_records"),
    "droplets": List("droplet:read", "droplets", "list", "droplets"),
    "droplet backups": List("droplet:read", "droplets", "list_backups", "backups"),
    "firewalls": List("firewall:read", "firewalls", "list", "firewalls"),
    "monitor alerts": List("monitoring:read", "monitoring", "list_alert_policy", "policies"),
    "projects": List("project:read", "projects", "list", "projects"),
    "reserved IPs": List("reserved_ip:read", "reserved_ips", "list", "reserved_ips"),
    "Spaces keys": List("spaces_key:read", "spaces_key", "list", "keys"),
    "SSH keys": List("ssh_key:read", "ssh_keys", "list", "ssh_keys"),
    "tags": List("tag:read", "tags", "list", "tags"),
    "uptime checks": List("uptime:read", "uptime", "list_checks", "checks"),
    "uptime alerts": List("uptime:read", "uptime", "list_alerts", "alerts"),
    "VPCs": List("vpc:read", "vpcs", "list", "vpcs"),
}
