"""KROGiving: crowdfunding on App Platform. Source: the handover's KROGiving pages."""

from components.facts.stores import HANDOVER, Product, StoredData

HEALTH_PATH = "/health"

BACKEND_BUILD = "yarn build"
BACKEND_RUN = "node dist/main.js"
FRONTEND_BUILD = "npx react-scripts build"
FRONTEND_OUTPUT = "build"
ADMIN_BUILD = "npx tsc -b && npx vite build"
ADMIN_OUTPUT = "dist"

# Identifiers that the frontend's build puts into every visitor's browser.
FRONTEND_PUBLIC = (
    "REACT_APP_PAYSTACK_PUBLIC_KEY",
    "REACT_APP_SPLIT_API_KEY",
    "REACT_APP_HIGHLIGHT_PROJECT_ID",
    "REACT_APP_CLOUDINARY_CLOUD_NAME",
    "REACT_APP_CLOUDINARY_UPLOAD_PRESET",
)

# Secrets of the backend that no resource supplies: they come in through the catalogue.
BACKEND_SECRETS = (
    "JWT_SECRET_KEY",
    "PAYSTACK_SECRET_KEY",
    "SENDGRID_API_KEY",
    "TERMII_API_KEY",
    "TELNYX_AUTH_TOKEN",
)
# Secrets of the backend that the media bucket's own key supplies.
BUCKET_SECRETS = ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY")

PRODUCT = Product("KROGiving", "donations", (f"{HANDOVER}, KROGiving",))
STORES = {  # by the logical name of what the component registers
    "krogiving-postgresql-cluster": StoredData(
        ("money", "personal data"),
        "campaigns, users, donations, withdrawals",
        recovery="daily backups and point in time: `restored` of krogiving.postgresql,"
        " docs/how-to/restore-a-database.md",
    ),
    "krogiving-mongodb-cluster": StoredData(
        ("personal data",),
        "admins, logs, reviews, settings",
        recovery="daily backups: `restored` of krogiving.mongodb,"
        " docs/how-to/restore-a-database.md",
    ),
    "krogiving-valkey-cluster": StoredData(
        ("neither money nor personal data",),
        "OTP cache",
        without="OTPs under way are lost; users ask for new ones once it is back",
        recovery="nothing to restore",
    ),
    "krogiving-media-files-bucket": StoredData(
        ("neither money nor personal data",),
        "campaign media, public",
        without="campaign media is neither shown nor taken",
        recovery="no copy is documented",
    ),
}
