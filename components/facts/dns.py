"""How DigitalOcean's API requires DNS records. Source: its answers."""

DOTTED = ("CNAME", "MX", "NS", "SRV")  # types whose value ends with a dot
