"""Where Spaces keeps buckets. Source: DigitalOcean's list of regions; not every one has Spaces."""

from typing import Literal

SpacesRegion = Literal[
    "ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1"
]
