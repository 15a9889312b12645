"""Kinds of value that a setting may hold. A wrong one never gets as far as a resource."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self

import pulumi_digitalocean as do
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyAddress,
    IPvAnyNetwork,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from components.facts.dns import DOTTED
from components.facts.spaces import SpacesRegion as SpacesRegion


class Model(BaseModel):
    """Base of every setting: frozen, strict about types, an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, alias_generator=to_camel, defer_build=True
    )


def _one_of(allowed: type[Enum]) -> Callable[[str], str]:
    values = [str(member.value) for member in allowed]

    def check(value: str) -> str:
        if value not in values:
            raise ValueError(f"one of {', '.join(values)}")
        return value

    return check


def _as_text(what: str) -> BeforeValidator:
    """Take an address or a network only as text: a number would be taken for one, too."""

    def check(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"{what}, as text")
        return value

    return BeforeValidator(check)


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("one line that holds no character which nobody sees")
    return value


def _different(items: tuple[str, ...]) -> tuple[str, ...]:
    if twice := sorted({item for item in items if items.count(item) > 1}):
        raise ValueError(f"name each once; several times there: {', '.join(twice)}")
    return items


def _open_to_the_world(networks: tuple[IPvAnyNetwork, ...]) -> tuple[IPvAnyNetwork, ...]:
    """Refuse a network so wide that it is no allow-list (0.0.0.0/0, but two halves of it too)."""
    for network in networks:
        all_of_ipv4 = network.version == 6 and network.overlaps(IPv6Network("::ffff:0:0/96"))
        if all_of_ipv4 or network.prefixlen < (8 if network.version == 4 else 16):
            raise ValueError(f"{network} is open to the world: name the networks that may come in")
    return networks


def _private_range(network: IPvAnyNetwork) -> IPvAnyNetwork:
    if network.version != 4 or not network.is_private or not 16 <= network.prefixlen <= 28:
        raise ValueError("a private IPv4 network of /16 to /28: 10.114.0.0/20")
    return network


def _reached_by_all(address: IPvAnyAddress) -> IPvAnyAddress:
    within = any(address.version == 4 and address in network for network in PRIVATE)
    if address.version != 4 or within or address.is_loopback or address.is_link_local:
        raise ValueError("a public IPv4 address: a droplet's or a reserved one")
    return address


PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
Region = Annotated[str, AfterValidator(_one_of(do.Region))]
DropletSize = Annotated[str, AfterValidator(_one_of(do.DropletSlug))]
DatabaseSize = Annotated[str, AfterValidator(_one_of(do.DatabaseSlug))]
AppSize = Literal[
    "apps-s-1vcpu-0.5gb",
    "apps-s-1vcpu-1gb-fixed",
    "apps-s-1vcpu-1gb",
    "apps-s-1vcpu-2gb",
    "apps-s-2vcpu-4gb",
    "apps-d-1vcpu-0.5gb",
    "apps-d-1vcpu-1gb",
    "apps-d-1vcpu-2gb",
    "apps-d-1vcpu-4gb",
    "apps-d-2vcpu-4gb",
    "apps-d-2vcpu-8gb",
    "apps-d-4vcpu-8gb",
    "apps-d-4vcpu-16gb",
    "apps-d-8vcpu-32gb",
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,61}[a-z0-9]$")]
AppName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
Tag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_-]{1,255}$")]
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
Domain = Annotated[str, StringConstraints(pattern=rf"^({_LABEL}\.)+[a-z]{{2,63}}$")]
Email = Annotated[
    str, StringConstraints(pattern=rf"^[A-Za-z0-9._%+-]+@({_LABEL}\.)+[a-z]{{2,63}}$")
]
Text = Annotated[str, StringConstraints(min_length=1), AfterValidator(_printable)]
Address = Annotated[IPvAnyAddress, _as_text("an address")]
PublicAddress = Annotated[Address, AfterValidator(_reached_by_all)]
Network = Annotated[IPvAnyNetwork, _as_text("a network")]
Issuers = Annotated[tuple[Domain, ...], Field(min_length=1), AfterValidator(_different)]
Repository = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
Moment = Annotated[  # of a clock in UTC, as the API takes it
    str,
    StringConstraints(
        pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}Z$"
    ),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
AllowList = Annotated[tuple[Network, ...], Field(min_length=1), AfterValidator(_open_to_the_world)]
SshPublicKey = Annotated[
    str,
    StringConstraints(pattern=r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/=]+( .*)?$"),
]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class PublicNames(Model):
    """A product's domain, and that of another estate whose names it answers as well."""

    domain: Domain
    answers_for: Domain | None = None

    @model_validator(mode="after")
    def _of_another(self) -> Self:
        if self.answers_for == self.domain:
            raise ValueError(
                f"answersFor is {self.domain}, its own domain: name that of the estate which it"
                " stands in for, or null"
            )
        return self


class Vpc(Model):
    """A private network: one to make (`name`), or one that is there already (`id`)."""

    ip_range: Annotated[Network, AfterValidator(_private_range)]
    name: Name | None = None
    id: Uuid | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.name is None) == (self.id is None):
            raise ValueError("give either name (a VPC to make) or id (one that is there)")
        return self


class Record(Model):
    """A DNS record beyond those that the product derives. `label` tells two of one name apart."""

    type: Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"]
    name: str = "@"
    value: str
    ttl: Annotated[int, Field(ge=30, le=604800)] = 1800
    priority: int | None = None
    port: Port | None = None
    weight: int | None = None
    flags: int | None = None
    tag: Literal["issue", "issuewild", "iodef"] | None = None
    label: str | None = None

    @model_validator(mode="after")
    def _final_dot(self) -> Self:
        """Ask for the final dot where the API refuses a name without it."""
        dotted = self.type in DOTTED or (self.type == "CAA" and self.tag != "iodef")
        if dotted and not self.value.endswith("."):
            raise ValueError(f"a {self.type} value ends with a dot: {self.value}.")
        if self.tag == "iodef" and self.value.endswith("."):
            raise ValueError(f"a CAA iodef value has no final dot: {self.value.rstrip('.')}")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Ask for what the API refuses a record of the type without."""
        needed = {
            "MX": ("priority",),
            "SRV": ("priority", "port", "weight"),
            "CAA": ("flags", "tag"),
        }.get(self.type, ())
        if missing := [field for field in needed if getattr(self, field) is None]:
            raise ValueError(f"a {self.type} record needs {' and '.join(missing)}")
        return self

    @property
    def key(self) -> str:
        """What tells the record from the others of its zone, in its logical name."""
        return f"{self.type.lower()}-{self.label or self.name.replace('@', 'apex')}"


def _told_apart(records: tuple[Record, ...]) -> tuple[Record, ...]:
    keys = [record.key for record in records]
    if twins := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"several records are {', '.join(twins)}: give each a label of its own")
    return records


Records = Annotated[tuple[Record, ...], AfterValidator(_told_apart)]
