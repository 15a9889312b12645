"""What the SDK does not say of a type: what replaces, how ids look, what it needs and how long.

Source: the provider's own schema, version 4.76, and how its client behaves. A type that
is not listed replaces on nothing, has a uuid, and answers with plain fillers. Templates take the
type's inputs, the answers before them and the facts of `cloud.fill`. No network serves `.test`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """The inputs (in one string) whose change replaces, and templates by what they answer.

    `id` is what creating answers and `import_id` what importing takes besides a plain id;
    `unique` is what no second resource of the type may have; `outputs` go by output name.
    `ready` is the seconds until it is usable. `parents` names what must exist by the path of
    an input, as one of the Type or Type.output. `unread` are the paths that no read brings back.
    """

    replaces: str = ""
    id: str = "{uuid}"
    import_id: str = "{id}"
    unique: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    ready: float = 1  # assumed, where no figure stands
    parents: Mapping[str, str] = field(default_factory=dict)
    unread: str = ""


_URI = "{first[0]}://{user}:{password}@"
_IN_CLUSTER = {"clusterId": "DatabaseCluster"}
_IN_BUCKET = {"bucket": "SpacesBucket"}

# fmt: off
TABLE: dict[str, Row] = {
    "App": Row("projectId", unique="{spec[name]}", ready=300,  # assumed
        unread="spec.domainNames spec.alerts.destinations",
        parents={"spec.vpcs.id": "Vpc"}, outputs={
        "appUrn": "do:app:{id}", "activeDeploymentId": "{uuid}", "projectId": "{first_project}",
        "liveDomain": "{spec[name]}-{hex}.apps.rehearsal.test",
        "liveUrl": "https://{liveDomain}", "defaultIngress": "https://{liveDomain}"}),
    "Cdn": Row("origin", unique="{origin}", ready=10,  # assumed
        parents={"origin": "SpacesBucket.bucketDomainName"}, outputs={
        "endpoint": "{hex}.cdn.rehearsal.test", "ttl": "3600"}),
    "DatabaseCluster": Row("name engine privateNetworkUuid projectId", unique="{name}", ready=300,
        parents={"privateNetworkUuid": "Vpc"},
        unread="maintenanceWindows evictionPolicy storageAutoscale", outputs={
        "clusterUrn": "do:dbaas:{id}", "host": "{name}-{hex}.db.rehearsal.test",
        "privateHost": "private-{host}", "port": "{first[1]}", "user": "{first[2]}",
        "password": "{password}", "database": "{first[3]}",
        "uri": _URI + "{host}:{port}/{database}", "storageSizeMib": "30720",
        "privateUri": _URI + "{privateHost}:{port}/{database}",
        "privateNetworkUuid": "{first_vpc}", "projectId": "{first_project}"}),
    "DatabaseDb": Row("clusterId name", id="{clusterId}/database/{name}", parents=_IN_CLUSTER,
        import_id="{clusterId},{name}", unique="{clusterId},{name}"),
    "DatabaseFirewall": Row("clusterId", id="{clusterId}-{hex}", import_id="{clusterId}",
        parents=_IN_CLUSTER),
    "DatabaseUser": Row("clusterId name", id="{clusterId}/user/{name}", parents=_IN_CLUSTER,
        import_id="{clusterId},{name}", unique="{clusterId},{name}",
        outputs={"role": "normal", "password": "{password}"}),
    "DnsRecord": Row("domain type", id="{number}", import_id="{domain},{id}",
        parents={"domain": "Domain"}, outputs={"fqdn": "{label}{domain}", "ttl": "1800"}),
    "Domain": Row("name ipAddress", id="{name}", unique="{name}",
        outputs={"domainUrn": "do:domain:{name}", "ttl": "1800"}),
    "Droplet": Row(
        "image region userData sshKeys monitoring dropletAgent vpcUuid publicNetworking ipv6",
        id="{number}", ready=60,  # assumed: 23 was seen once, and it is asked every 10
        unread="userData sshKeys dropletAgent backupPolicy",
        parents={"vpcUuid": "Vpc", "sshKeys": "SshKey.fingerprint"}, outputs={
            "dropletUrn": "do:droplet:{id}", "ipv4Address": "{public_ip}", "ipv6Address": "",
            "ipv4AddressPrivate": "{private_ip}", "status": "active", "vpcUuid": "{first_vpc}"}),
    "Firewall": Row(unique="{name}", parents={"dropletIds": "Droplet"},
        outputs={"status": "succeeded"}),
    "MonitorAlert": Row(parents={"entities": "Droplet DatabaseCluster"}, outputs={"uuid": "{id}"}),
    "Project": Row(unique="{name}"),
    "ProjectResources": Row("project", id="{project}", parents={"project": "Project"}),
    "ReservedIp": Row("region", id="{public_ip}", parents={"dropletId": "Droplet"}, ready=14,
        outputs={"ipAddress": "{id}", "reservedIpUrn": "do:reservedip:{id}"}),
    "ReservedIpAssignment": Row("ipAddress dropletId", id="{dropletId}-{ipAddress}", ready=14,
        import_id="{ipAddress},{dropletId}",
        parents={"ipAddress": "ReservedIp", "dropletId": "Droplet"}),
    "SpacesBucket": Row("region", id="{name}", import_id="{region},{name}", unique="{name}",
        ready=5, unread="acl",  # seconds assumed
        outputs={"region": "nyc3", "bucketUrn": "do:space:{name}",
            "endpoint": "{region}.spaces.rehearsal.test", "bucketDomainName": "{name}.{endpoint}"}),
    "SpacesBucketCorsConfiguration": Row("region", id="{bucket}", import_id="{region},{bucket}",
        parents=_IN_BUCKET),
    "SpacesBucketPolicy": Row("bucket region", id="{bucket}", import_id="{region},{bucket}",
        parents=_IN_BUCKET),
    "SpacesKey": Row(id="REHEARSAL{number}", parents={"grants.bucket": "SpacesBucket"}, outputs={
        "accessKey": "{id}", "secretKey": "{password}"}),
    "SshKey": Row("publicKey", id="{number}", unique="{publicKey}", outputs={
        "fingerprint": "{fingerprint}"}),
    "Tag": Row("name", id="{name}", unique="{name}"),
    "UptimeAlert": Row(import_id="{checkId},{id}", parents={"checkId": "UptimeCheck"}),
    "Vpc": Row("region ipRange", unique="{name}", outputs={
        "vpcUrn": "do:vpc:{id}", "ipRange": "10.{byte}.0.0/20"}),
}

# Inputs that replace only when they are turned off, and those whose change takes as long as making.
REPLACES_WHEN_OFF = {"ipv6"}
SLOW = ("size", "nodeCount", "spec")
NO_IMPORTER = ("ProjectResources", "SpacesKey")
PUTS = ("DatabaseFirewall",)  # making one writes over the one that is there
# Deleting one that is gone already fails; of any other type it does not.
GONE_IS_REFUSED = ("App", "DatabaseCluster", "DatabaseUser", "Domain", "MonitorAlert", "SpacesKey",
    "UptimeAlert", "UptimeCheck", "Vpc")
NEVER_KEPT = ("spec.alerts.destinations",)  # unread, and not even kept in the state by a refresh

# Unread by an import, but read by a refresh where the state holds them.
READ_WHERE_KNOWN = ("maintenanceWindows", "evictionPolicy", "storageAutoscale")

# What is not deleted while something stands in it, and how that is said.
NEVER_FULL = {
    "DatabaseCluster": "409 Conflict: the cluster still has members",
    "Domain": "409 Conflict: the domain still has records",
    "Project": "412 Precondition Failed: cannot delete a project with resources",
    "Vpc": "409 Conflict: can not delete VPC with members",
}
SPACES_REGIONS = "ams3, atl1, blr1, fra1, lon1, nyc3, sfo2, sfo3, sgp1, syd1, tor1"

# Of each engine: the scheme of its address, its port, first user and first database.
ENGINES = {
    "pg": ("postgresql", "25060", "doadmin", "defaultdb"),
    "mysql": ("mysql", "25060", "doadmin", "defaultdb"),
    "valkey": ("rediss", "25061", "default", "0"),
    "mongodb": ("mongodb+srv", "27017", "doadmin", "admin"),
}
# fmt: on
