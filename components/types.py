"""Types of the values that a setting may have. A wrong value never reaches a resource.

A check of several fields is a field validator of the last of them, and reads the others from
`info.data`, where an invalid one is missing. So it runs whatever else is wrong, and all mistakes of
an object come at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

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
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from components.facts.dns import DOTTED
from components.facts.spaces import SpacesRegion as SpacesRegion


class Model(BaseModel):
    """Base of every setting: frozen, strict about types, an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, alias_generator=to_camel, defer_build=True
    )


class Mistake(NamedTuple):
    """One wrong value: its path below the validated field, the value, and what is allowed."""

    path: tuple[str | int, ...]
    value: object
    allowed: str


def refuse(mistakes: Iterable[Mistake]) -> None:
    """Refuse a field with all its mistakes. Raises pydantic.ValidationError if there is one."""
    errors = [
        InitErrorDetails(
            type=PydanticCustomError("setting", "{allowed}", {"allowed": mistake.allowed}),
            loc=mistake.path,
            input=mistake.value,
        )
        for mistake in mistakes
    ]
    if errors:
        raise ValidationError.from_exception_data("settings", errors)


@dataclass(frozen=True)
class Unique:
    """Marks a setting whose value no two stacks may share. stacks/sharing.py refuses shared ones.

    `what` it is, with an article: an app name. `within` is true where two settings of one stack may
    not share it either.
    """

    what: str
    same: Literal["text", "range", "key"] = "text"
    within: bool = True


PUBLIC_NAME = Unique("a public name")


def _one_of(allowed: type[Enum]) -> AfterValidator:
    values = [str(member.value) for member in allowed]

    def check(value: str) -> str:
        if value not in values:
            raise ValueError(f"one of {', '.join(values)}")
        return value

    return AfterValidator(check)


def _as_text(what: str) -> BeforeValidator:
    """Accept an address or a network only as text: pydantic would also accept a number."""

    def check(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"{what}, as text")
        return value

    return BeforeValidator(check)


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("one line of printable characters")
    return value


def _different(items: tuple[str, ...]) -> tuple[str, ...]:
    if twice := sorted({item for item in items if items.count(item) > 1}):
        raise ValueError(f"each once: {', '.join(twice)} is there several times")
    return items


def _not_the_world(network: IPvAnyNetwork) -> IPvAnyNetwork:
    """Refuse a network so wide that it is no allow-list (0.0.0.0/0, but two halves of it too)."""
    all_of_ipv4 = network.version == 6 and network.overlaps(IPv6Network("::ffff:0:0/96"))
    if all_of_ipv4 or network.prefixlen < (8 if network.version == 4 else 16):
        raise ValueError(f"{network} is open to the world: list the networks that may connect")
    return network


def _private_range(network: IPvAnyNetwork) -> IPvAnyNetwork:
    if network.version != 4 or not network.is_private or not 16 <= network.prefixlen <= 28:
        raise ValueError("a private IPv4 network of /16 to /28: 10.114.0.0/20")
    return network


def _public_ipv4(address: IPvAnyAddress) -> IPvAnyAddress:
    within = any(address.version == 4 and address in network for network in PRIVATE)
    if address.version != 4 or within or address.is_loopback or address.is_link_local:
        raise ValueError("a public IPv4 address: a droplet's or a reserved one")
    return address


PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
Region = Annotated[str, _one_of(do.Region)]
DropletSize = Annotated[str, _one_of(do.DropletSlug)]
DatabaseSize = Annotated[str, _one_of(do.DatabaseSlug)]
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
PublicAddress = Annotated[Address, AfterValidator(_public_ipv4)]
Network = Annotated[IPvAnyNetwork, _as_text("a network")]
Issuers = Annotated[tuple[Domain, ...], Field(min_length=1), AfterValidator(_different)]
Repository = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
Moment = Annotated[  # UTC, as the API accepts it
    str,
    StringConstraints(
        pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}Z$"
    ),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
AllowList = Annotated[
    tuple[Annotated[Network, AfterValidator(_not_the_world)], ...], Field(min_length=1)
]
SshPublicKey = Annotated[
    str,
    StringConstraints(pattern=r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/=]+( .*)?$"),
]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class PublicNames(Model):
    """A product's domain, and in `answers_for` that of another estate whose names it also answers.

    `HOSTS` are the names under the domain that every environment of the product has.
    """

    HOSTS: ClassVar[tuple[str, ...]] = ()

    domain: Annotated[Domain, PUBLIC_NAME]
    answers_for: Domain | None = None

    @field_validator("answers_for")
    @classmethod
    def _of_another(cls, answers_for: str | None, info: ValidationInfo) -> str | None:
        if answers_for is not None and answers_for == info.data.get("domain"):
            raise ValueError(
                f"{answers_for} is its own domain: set that of the estate that it stands in for, or"
                " null"
            )
        return answers_for


class Vpc(Model):
    """A private network: a new one (`name`), or one that exists (`id`)."""

    ip_range: Annotated[Network, AfterValidator(_private_range), Unique("a VPC range", "range")]
    name: Annotated[Name, Unique("a VPC name")] | None = None
    id: Annotated[Uuid | None, Field(validate_default=True), Unique("a VPC")] = None

    @field_validator("id")
    @classmethod
    def _one_of_two(cls, identity: str | None, info: ValidationInfo) -> str | None:
        if "name" in info.data and (info.data["name"] is None) == (identity is None):
            raise ValueError("either name (a new VPC) or id (one that exists); the other is null")
        return identity


_REQUIRED = {  # fields without which the API refuses a record, by its type
    "MX": ("priority",),
    "SRV": ("priority", "port", "weight"),
    "CAA": ("flags", "tag"),
}
_Checked = Field(validate_default=True)


class Record(Model):
    """A further DNS record of the product. `label` distinguishes two of one name and type."""

    type: Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"]
    name: str = "@"
    ttl: Annotated[int, Field(ge=30, le=604800)] = 1800
    priority: Annotated[int | None, _Checked] = None
    port: Annotated[Port | None, _Checked] = None
    weight: Annotated[int | None, _Checked] = None
    flags: Annotated[int | None, _Checked] = None
    tag: Annotated[Literal["issue", "issuewild", "iodef"] | None, _Checked] = None
    label: str | None = None
    value: str

    @field_validator("priority", "port", "weight", "flags", "tag")
    @classmethod
    def _required(cls, value: Any, info: ValidationInfo) -> Any:
        kind = info.data.get("type", "")
        if value is None and info.field_name in _REQUIRED.get(kind, ()):
            raise ValueError(f"a value: no {kind} record goes without {info.field_name}")
        return value

    @field_validator("value")
    @classmethod
    def _final_dot(cls, value: str, info: ValidationInfo) -> str:
        """Ask for the final dot where the API refuses a name without it."""
        kind, tag = info.data.get("type"), info.data.get("tag")
        address = tag == "iodef" or (tag is None and ":" in value)  # mailto: or https:
        if (kind in DOTTED or (kind == "CAA" and not address)) and not value.endswith("."):
            raise ValueError(f"a name with its final dot: {value}.")
        if kind == "CAA" and tag == "iodef" and value.endswith("."):
            raise ValueError(f"an address without a final dot: {value.rstrip('.')}")
        return value

    @property
    def key(self) -> str:
        """The part of the logical name that is unique in the zone."""
        return f"{self.type.lower()}-{self.label or self.name.replace('@', 'apex')}"


def _distinct(records: tuple[Record, ...]) -> tuple[Record, ...]:
    keys = [record.key for record in records]
    refuse(
        Mistake((place,), key, f"a label of its own: an earlier record is {key}, too")
        for place, key in enumerate(keys)
        if key in keys[:place]
    )
    return records


Records = Annotated[tuple[Record, ...], AfterValidator(_distinct)]
