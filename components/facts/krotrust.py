"""KROTrust: escrow and conditional payment. Source: the handover's KROTrust pages."""

HOSTS = {  # public name under the domain -> path that answers when the product is well
    "api": "/health",
    "app": "/",
    "admin": "/",
    "app2": "/",  # an alias of app
}
DATABASE_CA_FILE = "kro-prod-db-cluster-ca-certificate.crt"  # the name that Compose mounts
