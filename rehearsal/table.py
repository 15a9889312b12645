"""Facts of a type that the SDK does not have: replacing inputs, ids, parents and durations.

Source: the provider's own schema, version 4.76, and how its client behaves. A type that is not
listed is never replaced, has a UUID as its id, and gets fillers as outputs. Templates take the
type's inputs, its earlier outputs and the facts of `cloud.fill_template`. `.test` is served by no
network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One type. `replaces` are the inputs, separated by spaces, whose change replaces.

    Templates: `id`; `import_id`, which an import accepts beside the id; `unique`, which no second
    resource of the type may have; `outputs` by name. `ready` is in seconds. `parents` has, by the
    path of an input, the `Type` or `Type.output` that must exist. No read returns the paths in
    `unread`.
    """

    replaces: str = ""
    id: str = "{uuid}"
    import_id: str = "{id}"
    unique: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    ready: float = 1  # assumed, where there is no figure
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
        "appUrn": "do:app:{id}", "activeDeploymentId": "{uuid}", "projectId": "{default_project}",
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
        "privateNetworkUuid": "{default_vpc}", "projectId": "{default_project}"}),
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
        id="{number}", ready=60,  # assumed: once it took 23, and the client asks every 10
        unread="userData sshKeys dropletAgent backupPolicy",
        parents={"vpcUuid": "Vpc", "sshKeys": "SshKey.fingerprint"}, outputs={
            "dropletUrn": "do:droplet:{id}", "ipv4Address": "{public_ip}", "ipv6Address": "",
            "ipv4AddressPrivate": "{private_ip}", "status": "active", "vpcUuid": "{default_vpc}"}),
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

REPLACES_WHEN_OFF = {"ipv6"}  # inputs that replace only when they are turned off
SLOW = ("size", "nodeCount", "spec")  # inputs whose change takes as long as a creation
NO_IMPORTER = ("ProjectResources", "SpacesKey")
OVERWRITES = ("DatabaseFirewall",)  # creating one overwrites the existing one
# Deleting a missing one fails; of any other type it does not.
DELETE_NEEDS_PRESENCE = ("App", "DatabaseCluster", "DatabaseUser", "Domain", "MonitorAlert",
    "SpacesKey", "UptimeAlert", "UptimeCheck", "Vpc")
NOT_IN_STATE = ("spec.alerts.destinations",)  # unread, and a refresh removes them from the state

# Unread by an import, but read by a refresh if the state has them.
READ_WHERE_KNOWN = ("maintenanceWindows", "evictionPolicy", "storageAutoscale")

# Types that cannot be deleted while they have members, and the API's answer.
MUST_BE_EMPTY = {
    "DatabaseCluster": "409 Conflict: the cluster still has members",
    "Domain": "409 Conflict: the domain still has records",
    "Project": "412 Precondition Failed: cannot delete a project with resources",
    "Vpc": "409 Conflict: can not delete VPC with members",
}
SPACES_REGIONS = "ams3, atl1, blr1, fra1, lon1, nyc3, sfo2, sfo3, sgp1, syd1, tor1"

# By engine: scheme of the address, port, first user, first database.
ENGINES = {
    "pg": ("postgresql", "25060", "doadmin", "defaultdb"),
    "mysql": ("mysql", "25060", "doadmin", "defaultdb"),
    "valkey": ("rediss", "25061", "default", "0"),
    "mongodb": ("mongodb+srv", "27017", "doadmin", "admin"),
}
# fmt: on
