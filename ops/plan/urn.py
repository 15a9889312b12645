"""URNs, the engine's identifiers of resources.

`urn:pulumi:STACK::PROJECT::PARENT TYPE$TYPE::NAME`
"""

from __future__ import annotations


class Urn(str):
    """A URN as a text, its parts as properties."""

    __slots__ = ()

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.split(":")[2]

    @property
    def types(self) -> str:
        """The parents' types and its own, joined by `$`."""
        return (self.split("::", 3) + [""] * 2)[2]

    @property
    def type(self) -> str:
        """Its own type: `digitalocean:index/droplet:Droplet`."""
        return self.types.rpartition("$")[2]

    @property
    def kind(self) -> str:
        """The last part of the type: `Droplet`."""
        return self.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self)

    @property
    def of_engine(self) -> bool:
        """Whether it is the stack itself or a provider, which the program does not declare."""
        return self.type.startswith("pulumi:")


def name_of(urn: str) -> str:
    """Return the logical name at the end of a URN."""
    return urn.rpartition("::")[2]
