"""What the SDK does not say of a type: what replaces, how ids look, and answers worth making up.

Source: the provider's own schema, version 4.76, and how its client behaves. A type that
is not listed replaces on nothing, has a uuid, and answers with plain fillers. Templates take the
type's inputs, the answers before them and `cloud.facts`. No network serves `.test`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """The inputs (in one string) whose change replaces, and templates by what they answer.

    `id` is what creating answers and `import_id` what importing takes besides a plain id;
    `unique` is what no second resource of the type may have; `outputs` go by output name.
    """

    replaces: str = ""
    id: str = "{uuid}"
    import_id: str = "{id}"
    unique: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)


_URI = "{scheme}://{user}:{password}@"

# fmt: off
TABLE: dict[str, Row] = {
    "App": Row("projectId", unique="{spec[name]}", outputs={
        "appUrn": "do:app:{id}", "activeDeploymentId": "{uuid}", "projectId": "{first_project}",
        "liveDomain": "{spec[name]}-{hex}.apps.rehearsal.test",
        "liveUrl": "https://{liveDomain}", "defaultIngress": "https://{liveDomain}"}),
    "Cdn": Row("origin", unique="{origin}", outputs={
        "endpoint": "{hex}.cdn.rehearsal.test", "ttl": "3600"}),
    "DatabaseCluster": Row("name engine privateNetworkUuid projectId", unique="{name}", outputs={
        "clusterUrn": "do:dbaas:{id}", "host": "{name}-{hex}.db.rehearsal.test",
        "privateHost": "private-{host}", "port": "{engine_port}", "user": "{engine_user}",
        "password": "{password}", "database": "{engine_database}",
        "uri": _URI + "{host}:{port}/{database}", "storageSizeMib": "30720",
        "privateUri": _URI + "{privateHost}:{port}/{database}",
        "privateNetworkUuid": "{first_vpc}", "projectId": "{first_project}"}),
    "DatabaseDb": Row("clusterId name", id="{clusterId}/database/{name}",
        import_id="{clusterId},{name}", unique="{clusterId},{name}"),
    "DatabaseFirewall": Row("clusterId", id="{clusterId}-{hex}", import_id="{clusterId}"),
    "DatabaseUser": Row("clusterId name", id="{clusterId}/user/{name}",
        import_id="{clusterId},{name}", unique="{clusterId},{name}",
        outputs={"role": "normal", "password": "{password}"}),
    "DnsRecord": Row("domain type", id="{number}", import_id="{domain},{id}",
        outputs={"fqdn": "{label}{domain}", "ttl": "1800"}),
    "Domain": Row("name ipAddress", id="{name}", unique="{name}",
        outputs={"domainUrn": "do:domain:{name}", "ttl": "1800"}),
    "Droplet": Row(
        "image region userData sshKeys monitoring dropletAgent vpcUuid publicNetworking ipv6",
        id="{number}", outputs={
            "dropletUrn": "do:droplet:{id}", "ipv4Address": "{public_ip}", "ipv6Address": "",
            "ipv4AddressPrivate": "{private_ip}", "status": "active", "vpcUuid": "{first_vpc}"}),
    "Firewall": Row(unique="{name}", outputs={"status": "succeeded"}),
    "MonitorAlert": Row(outputs={"uuid": "{id}"}),
    "Project": Row(unique="{name}"),
    "ProjectResources": Row("project", id="{project}"),
    "ReservedIp": Row("region", id="{public_ip}", outputs={
        "ipAddress": "{id}", "reservedIpUrn": "do:reservedip:{id}"}),
    "ReservedIpAssignment": Row("ipAddress dropletId", id="{dropletId}-{ipAddress}"),
    "SpacesBucket": Row("region", id="{name}", import_id="{region},{name}", unique="{name}",
        outputs={"region": "nyc3", "bucketUrn": "do:space:{name}",
            "endpoint": "{region}.spaces.rehearsal.test", "bucketDomainName": "{name}.{endpoint}"}),
    "SpacesBucketCorsConfiguration": Row("region", id="{bucket}", import_id="{region},{bucket}"),
    "SpacesBucketPolicy": Row("bucket region", id="{bucket}", import_id="{region},{bucket}"),
    "SpacesKey": Row(id="REHEARSAL{number}", outputs={
        "accessKey": "{id}", "secretKey": "{password}"}),
    "SshKey": Row("publicKey", id="{number}", unique="{publicKey}", outputs={
        "fingerprint": "{fingerprint}"}),
    "Tag": Row("name", id="{name}", unique="{name}"),
    "UptimeAlert": Row(import_id="{checkId},{id}"),
    "UptimeCheck": Row(),
    "Vpc": Row("region ipRange", unique="{name}", outputs={
        "vpcUrn": "do:vpc:{id}", "ipRange": "10.{byte}.0.0/20"}),
}

# Inputs that replace only when they are turned off.
REPLACES_WHEN_OFF = {"ipv6"}

# Of each engine: the scheme of its address, its port, first user and first database.
ENGINES = {
    "pg": ("postgresql", "25060", "doadmin", "defaultdb"),
    "mysql": ("mysql", "25060", "doadmin", "defaultdb"),
    "valkey": ("rediss", "25061", "default", "0"),
    "mongodb": ("mongodb+srv", "27017", "doadmin", "admin"),
}
# fmt: on
