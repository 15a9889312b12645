"""Facts that the handover does not document. Every value here is an assumption: check it."""

DEPLOY_FOLDER = "/opt/pencom-project"  # assumed: the monorepo is built and started here
OBJECT_REGION = "us-east-1"  # assumed: MinIO's default name for its region

WEB_SERVER = "nginx"  # in a host's `carries`: it serves visitors and proxies to the gateways
WEB_PORTS = (80, 443)  # assumed: the handover mentions TLS and no port
SSH_PORT = 22  # assumed
NODE_EXPORTER_PORT = 9100  # assumed: the exporter's default
BLACKBOX_PORT = 9115  # assumed: the exporter's default, on Prometheus's host
MONITOR_ROLE = "services"  # assumed: Prometheus runs on the first host of this role

# Services call each other over HTTP. No document says who uses their TCP ports, so no other
# host may connect to those. assumed
CALL_PROTOCOL = "http"

# Ports that a host may use outside the inventory: DNS, NTP, packages, and third parties (Remita,
# SendGrid, Highlight.io, PostHog), whose addresses change. assumed
OUTSIDE_TCP = (53, 80, 443)
OUTSIDE_UDP = (53, 123)

# The systemd unit of each store. assumed
UNITS = {
    "postgresql": "postgresql",
    "mongodb": "mongod",
    "redis": "redis-server",
    "minio": "minio",
}
