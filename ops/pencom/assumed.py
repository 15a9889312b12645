"""What the handover does not say of Pencom's hosts. Every value here is assumed: check it."""

DEPLOY_FOLDER = "/opt/pencom-project"  # assumed: where the monorepo is built and started
OBJECT_REGION = "us-east-1"  # assumed: what MinIO calls its region unless told otherwise

WEB_SERVER = "nginx"  # in what a host carries: it answers people and hands over to the gateways
WEB_PORTS = (80, 443)  # assumed: the handover says TLS, and no number
SSH_PORT = 22  # assumed
NODE_EXPORTER_PORT = 9100  # assumed: the exporter's own default
BLACKBOX_PORT = 9115  # assumed: the exporter's own default, beside Prometheus
MONITOR_ROLE = "services"  # assumed: Prometheus runs on the first host of this role

# Services call each other over HTTP. Who uses their TCP ports is written nowhere, so that no
# other host gets in there. assumed
CALLED = "http"

# Where a host may go outside the inventory: names, time, packages, and the third parties (Remita,
# SendGrid, Highlight.io, PostHog), whose addresses change. assumed
OUTSIDE_TCP = (53, 80, 443)
OUTSIDE_UDP = (53, 123)

# What starts and stops a store: its unit of systemd. assumed
UNITS = {
    "postgresql": "postgresql",
    "mongodb": "mongod",
    "redis": "redis-server",
    "minio": "minio",
}
