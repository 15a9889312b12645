"""Expected blast radii, worked out by hand from the products' facts; nothing here is computed."""

from __future__ import annotations

from ops.impact.blast import BlastRadius

Expected = dict[str, set[str]]

KRO_URLS = {
    "https://api.krotrust.com/health",
    "https://app.krotrust.com/",
    "https://admin.krotrust.com/",
    "https://app2.krotrust.com/",
}
GIV_API, GIV_ADMIN = "https://api.krogiving.com/health", "https://admin.krogiving.com"
GIV_SITES = {"https://krogiving.com", "https://www.krogiving.com"}
ESCROW, DONATIONS = "kro-prod-db-cluster", "giv-prod-postgresql"
# The backend is lost: its own URL is down, and the sites that call it are up but fail there.
BACKEND = {
    "down": {GIV_API, "krogiving-backend"},
    "degraded": {*GIV_SITES, GIV_ADMIN, "krogiving-frontend", "giv-admin-new"},
}
BEHIND_BACKEND = {DONATIONS, "giv-prod-mongodb", "giv-prod-valkey", "giv-prod-media"}
GIV_DATA_LOST = {"degraded": BACKEND["degraded"], "stays": BEHIND_BACKEND}
PENCOM_POSTGRESQL = {
    f"postgresql/pencom_{name}"
    for name in ("core_db2", "payments", "compliance", "external_integrations", "audit")
}
PENCOM_MONGODB = {"mongodb/pencom_notifications", "mongodb/pencom_core_otp"}
CORE_STORES = {"postgresql/pencom_core_db2", "mongodb/pencom_core_otp", "redis"}
SIX = {"core", "payments", "compliance", "notifications", "external-integrations", "audit"}
GATEWAYS = {"api-gateway", "external-gateway"}


def states(radius: BlastRadius) -> Expected:
    """Return the labels of the hits by state, without parts that users do not know."""
    labels: Expected = {}
    for hit in radius.hits:
        if hit.node.kind != "part":
            labels.setdefault(hit.state, set()).add(hit.node.label)
    return labels
