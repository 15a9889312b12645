"""A DNS zone with its records and the only authorities that may issue its certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_digitalocean as do

from components.types import Record

ADDRESS_TTL = 300  # seconds: an address that is moved in a recovery is seen within five minutes


@dataclass(frozen=True)
class ZoneArgs:
    """`addresses` maps a host name within the zone to the IPv4 that answers for it.

    `stand_in`, if it is set, answers for all of them instead.

    App Platform writes the records of its own domains into the zone: do not list them here.
    """

    domain: str
    caa_issuers: Sequence[str]
    addresses: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    records: Sequence[Record] = ()
    stand_in: str | None = None


class Zone(pulumi.ComponentResource):
    """Outputs: `domain` (the resource; its name is known before it is created)."""

    domain: do.Domain

    def __init__(
        self, name: str, args: ZoneArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        # The policy allows records with an address of another estate only if it is named here.
        stand_in = {"standIn": args.stand_in} if args.stand_in else {}
        super().__init__("estate:dns:Zone", name, stand_in, opts)
        # ip_address stays unset: it writes an unmanaged apex record, and a later edit
        # of it replaces the whole zone.
        self.domain = do.Domain(
            f"{name}-domain", name=args.domain, opts=pulumi.ResourceOptions(parent=self)
        )
        for host, address in args.addresses.items():
            value = args.stand_in or address
            self._record(f"{name}-a-{host}", type="A", name=host, value=value, ttl=ADDRESS_TTL)
        for issuer in args.caa_issuers:
            self._record(
                f"{name}-caa-{issuer}",
                type="CAA",
                name="@",
                value=f"{issuer}.",
                flags=0,
                tag="issue",
                ttl=1800,
            )
        for record in args.records:
            fields = record.model_dump(exclude_none=True, exclude={"label"})
            self._record(f"{name}-{record.key}", **fields)
        self.register_outputs({"domain": self.domain.name})

    def _record(self, logical: str, **fields: Any) -> None:
        # A record of another type or domain is a new one, and its twin would be refused.
        opts = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        do.DnsRecord(logical, domain=self.domain.name, opts=opts, **fields)
