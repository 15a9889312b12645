"""KROTrust: escrow and conditional payment. Source: the handover's KROTrust pages."""

from components.facts.stores import HANDOVER, Product, StoredData

HOSTS = {  # public name under the domain -> path that answers when the product is well
    "api": "/health",
    "app": "/",
    "admin": "/",
    "app2": "/",  # an alias of app
}
HOME = "/root/Kro"  # on the droplet, with a folder a repository
DATABASE_CA_FILE = "kro-prod-db-cluster-ca-certificate.crt"  # the name that Compose mounts
COMPOSE_REPOSITORY = "kro-devops"
REPOSITORIES = ("kro-backend", "kro-frontend", "kro-admin", COMPOSE_REPOSITORY)

PRODUCT = Product(
    "KROTrust",
    "escrow and conditional payment",
    (f"{HANDOVER}, KROTrust", "docs/how-to/recover.md, A new KROTrust droplet"),
)
DROPLET = "krotrust-droplet"  # the logical name of what serves the public names
THIRD_PARTIES = {  # by the logical name of what the component registers
    # Their keys stand in production.json. assumed: all that the droplet serves needs them, since
    # the handover does not say which container does.
    DROPLET: (
        "Paystack",
        "Fincra",
        "Providus",
        "SendGrid",
        "Twilio",
        "Telnyx",
        "Termii",
        "Highlight.io",
        "OTLP",
    ),
}
STORES = {  # by the logical name of what the component registers
    "krotrust-database-cluster": StoredData(
        ("money",),
        "orders, kro_balance (escrow), transactions, refunds",
        recovery="daily backups and point in time: `restored` of krotrust.database,"
        " docs/how-to/restore-a-database.md",
    ),
    "krotrust-files-bucket": StoredData(
        ("not documented",),
        "files; the key that opens it stands in production.json",
        recovery="no copy is documented",
    ),
}
