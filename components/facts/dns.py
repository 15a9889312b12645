"""What DigitalOcean wants of DNS records. Source: how its API answers."""

DOTTED = ("CNAME", "MX", "NS", "SRV")  # types whose value ends with a dot
