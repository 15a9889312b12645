"""KROGiving: crowdfunding on App Platform. Source: the handover's KROGiving pages."""

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
