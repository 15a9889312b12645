"""Pencom (eHub): what runs on the four on-premises hosts, in every environment.

Source: the handover's Pencom pages. Addresses are published nowhere: they are settings.
"""

from components.facts.stores import HANDOVER, Product, StoredData, Worth
from components.inventory import ForeignSystem, Host, Inventory, Service, Store

_COMMON = (
    "ENVIRONMENT",
    "CORE_SERVICE_URL",
    "PAYMENT_SERVICE_URL",
    "COMPLIANCE_SERVICE_URL",
    "NOTIFICATIONS_SERVICE_URL",
    "EXTERNAL_INTEGRATIONS_SERVICE_URL",
    "AUDIT_SERVICE_URL",
    "HIGHLIGHT_PROJECT_ID",
    "HIGHLIGHT_ENVIRONMENT",
)
_COMMON_SECRETS = ("JWT_SECRET", "INTERNAL_API_KEY")
_ORACLE = (
    "PENCOM_DB_HOST",
    "PENCOM_DB_PORT",
    "PENCOM_DB_USER",
    "PENCOM_DB_SERVICE_NAME",
)
_REDIS = ("REDIS_HOST", "REDIS_PORT")
UNUSED = ("TERMII_*",)  # they may be empty: nothing produces what would be sent through Termii


def _service(
    name: str,
    *,
    port: int,
    tcp: int | None = None,
    calls: tuple[str, ...] = (),
    stores: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
    starts_after: tuple[str, ...] = ("core",),
    variables: tuple[str, ...] = (),
    secrets: tuple[str, ...] = (),
    entry_point: str | None = None,
    gateway: bool = False,
) -> Service:
    app = name.replace("-", "_").upper()
    return Service(
        ports={"http": port} if tcp is None else {"http": port, "tcp": tcp},
        entry_point=entry_point or f"dist/apps/{name}/src/main.js",
        calls=calls,
        stores=stores,
        reads=reads,
        starts_after=starts_after,
        variables=(*_COMMON, f"HIGHLIGHT_{app}_SERVICE_NAME", *variables),
        secrets=(*_COMMON_SECRETS, *secrets),
        gateway=gateway,
    )


def _address(prefix: str, *, tcp: bool = False) -> tuple[str, ...]:
    names = (f"{prefix}_SERVICE_HOST", f"{prefix}_SERVICE_PORT")
    return (*names, f"{prefix}_SERVICE_TCP_PORT") if tcp else names


def _database(prefix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}_DB_{part}" for part in ("HOST", "PORT", "USER", "NAME"))


SERVICES = {
    "core": _service(
        "core",
        port=4000,
        tcp=4001,
        calls=("compliance", "audit", "notifications"),
        stores=("postgresql/pencom_core_db2", "mongodb/pencom_core_otp", "redis"),
        reads=("oracle-ecrs",),
        starts_after=(),
        variables=(
            *_address("CORE", tcp=True),
            *_database("CORE"),
            *_ORACLE,
            "PENCOM_TABLE_PREFIX",
            "PENCOM_CERTIFICATE_REQUEST_SUFFIX",
            *_REDIS,
            "ADMIN_EMAIL",
            "ADMIN_ALLOWED_EMAILS",
            "SUPER_ADMIN_*",
            "SUPPORT_EMAIL",
            "FRONTEND_URL",
        ),
        # NOTIFICATIONS_MONGO_DB_URL is, despite its name, core's own OTP store.
        secrets=(
            "CORE_DB_PASS",
            "PENCOM_DB_PASSWORD",
            "NOTIFICATIONS_MONGO_DB_URL",
            "REDIS_PASSWORD",
        ),
    ),
    "payments": _service(
        "payments",
        port=5000,
        tcp=5001,
        calls=("core", "audit"),
        stores=("postgresql/pencom_payments",),
        variables=(
            *_address("PAYMENT", tcp=True),
            *_database("PAYMENT"),
            *_database("PAYMENTS"),  # the migration tool reads the plural
            "REMITA_BASE_URL",
            "REMITA_MERCHANT_ID",
            "REMITA_SERVICE_TYPE_ID",
        ),
        secrets=("PAYMENT_DB_PASS", "PAYMENTS_DB_PASS", "REMITA_API_KEY"),
    ),
    "compliance": _service(
        "compliance",
        port=6000,
        tcp=6001,
        calls=("core", "payments", "notifications", "audit"),
        stores=("postgresql/pencom_compliance", "redis", "minio"),
        reads=("oracle-ecrs",),
        variables=(
            *_address("COMPLIANCE", tcp=True),
            *_database("COMPLIANCE"),
            *_ORACLE,
            *_REDIS,
            "SPACES_ENDPOINT",
            "SPACES_REGION",
            "SPACES_BUCKET_NAME",
            "SPACES_BUCKET_URL",
            "SPACES_ACL",
        ),
        secrets=(
            "COMPLIANCE_DB_PASSWORD",
            "PENCOM_DB_PASSWORD",
            "REDIS_PASSWORD",
            "SPACES_ACCESS_KEY_ID",
            "SPACES_SECRET_ACCESS_KEY",
        ),
    ),
    "notifications": _service(
        "notifications",
        port=7000,
        tcp=7001,
        stores=("mongodb/pencom_notifications",),
        variables=(
            *_address("NOTIFICATIONS", tcp=True),
            "SENDGRID_FROM_EMAIL",
            "SENDGRID_FROM_NAME",
            "SENDGRID_REPLY_TO",
            "TERMII_*",
        ),
        secrets=("NOTIFICATIONS_DB_URI", "SENDGRID_API_KEY"),
    ),
    "external-integrations": _service(
        "external-integrations",
        port=8000,
        stores=("postgresql/pencom_external_integrations",),
        variables=(*_address("EXTERNAL_INTEGRATIONS"), *_database("EXTERNAL_INTEGRATIONS")),
        secrets=("EXTERNAL_INTEGRATIONS_DB_PASSWORD",),
    ),
    "audit": _service(
        "audit",
        port=9000,
        stores=("postgresql/pencom_audit",),
        variables=(*_address("AUDIT"), *_database("AUDIT")),
        secrets=("AUDIT_DB_PASSWORD",),
    ),
    "api-gateway": _service(
        "api-gateway",
        gateway=True,
        port=3000,
        tcp=3001,
        entry_point="dist/apps/api-gateway/main.js",
        calls=(
            "core",
            "compliance",
            "payments",
            "notifications",
            "external-integrations",
            "audit",
        ),
        stores=("minio",),
        starts_after=(
            "core",
            "payments",
            "compliance",
            "notifications",
            "audit",
            "external-integrations",
        ),
        variables=(
            *_address("API_GATEWAY"),
            "API_GATEWAY_TCP_HOST",
            "API_GATEWAY_TCP_PORT",
            "AUTH_PILOT_ALLOWLIST",
            "POSTHOG_HOST",
        ),
        secrets=("ADMIN_SUPPORT_PASSWORD", "POSTHOG_KEY"),
    ),
    "external-gateway": _service(
        "external-gateway",
        gateway=True,
        port=3010,
        calls=("external-integrations", "compliance"),
        stores=("postgresql/pencom_compliance", "minio"),  # it reuses compliance's database
        starts_after=("external-integrations", "compliance", "api-gateway"),
        variables=(*_address("EXTERNAL_API_GATEWAY"), *_database("COMPLIANCE")),
        secrets=("EXTERNAL_JWT_SECRET", "COMPLIANCE_DB_PASSWORD"),
    ),
}

INVENTORY = Inventory(
    hosts={
        "vps-1": Host("ingress", "internet", ("nginx", "api-gateway", "external-gateway")),
        "vps-2": Host(
            "services",
            "internal",
            ("core", "payments", "compliance", "notifications", "external-integrations", "audit"),
        ),
        "vps-3": Host("databases", "internal", ("postgresql", "mongodb", "redis")),
        "vps-4": Host("object-storage", "internal", ("minio",)),
    },
    services=SERVICES,
    stores={
        "postgresql": Store(
            "PostgreSQL 14+ with uuid-ossp",
            (
                "pencom_core_db2",
                "pencom_payments",
                "pencom_compliance",
                "pencom_external_integrations",
                "pencom_audit",
            ),
        ),
        "mongodb": Store("MongoDB 6+", ("pencom_notifications", "pencom_core_otp")),
        "redis": Store("Redis", port=6379),
        "minio": Store("MinIO (S3)", port=9000),
    },
    foreign={"oracle-ecrs": ForeignSystem(owner="PenCom", engine="Oracle ECRS", port=1521)},
)

_UNDOCUMENTED: tuple[Worth, ...] = ("not documented",)
PRODUCT = Product("Pencom", "pension compliance", (f"{HANDOVER}, Pencom",))
STORES = {  # by `server/database`, or the server that has none; the store's resource tells backups
    "postgresql/pencom_core_db2": StoredData(_UNDOCUMENTED, "what core keeps"),
    "postgresql/pencom_payments": StoredData(("money",), "payments"),
    "postgresql/pencom_compliance": StoredData(_UNDOCUMENTED, "what compliance keeps"),
    "postgresql/pencom_external_integrations": StoredData(
        _UNDOCUMENTED, "what external-integrations keeps"
    ),
    "postgresql/pencom_audit": StoredData(_UNDOCUMENTED, "the audit trail"),
    "mongodb/pencom_notifications": StoredData(_UNDOCUMENTED, "what notifications keeps"),
    "mongodb/pencom_core_otp": StoredData(("neither money nor personal data",), "core's OTPs"),
    "redis": StoredData(
        ("neither money nor personal data",),
        "Bull queues, magic links",
        without="Bull jobs in flight and magic links are lost",
    ),
    "minio": StoredData(
        ("personal data",),
        "certificates, registration documents, contribution files, tutorial videos",
        without="certificates, documents, contribution files and videos are neither shown nor"
        " taken",
    ),
}
