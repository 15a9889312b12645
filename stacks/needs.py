"""What an `up` needs and has not got: named placeholders in a preview, one list before a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

import pulumi
from pydantic import IPvAnyNetwork

from components.sealed import Seal
from stacks.secrets import Found

# Networks reserved for documentation stand for addresses that nobody has told us yet.
PLACEHOLDERS = tuple(
    ip_network(cidr)
    for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


@dataclass
class Needs:
    """Hands out values, and remembers those that were not there."""

    stack: str
    secrets: Mapping[str, Found]
    missing: list[str] = field(default_factory=list)

    def secret(self, key: str, seal: Seal | None = None) -> pulumi.Output[str] | None:
        """Give a secret, marked as one. None where a seal stands for it."""
        if (plain := self.opened(key, seal)) is not None:
            return plain
        return None if seal else pulumi.Output.secret(f"[{key}: not at hand]")

    def opened(self, key: str, seal: Seal | None = None) -> pulumi.Output[str] | None:
        """Give a secret whose value is at hand. None otherwise, and without a seal it is noted."""
        found = self.secrets[key]
        if found.value is not None:
            return pulumi.Output.secret(found.value)
        if seal is None:
            self.missing.append(
                f"{key}  a secret; ask {found.secret.ask}\n"
                f"      pulumi config set --stack {self.stack} --secret {key}"
            )
        return None

    def setting(self, key: str, value: str | None) -> str:
        """Give a setting that may not be known yet."""
        if value is None:
            self.missing.append(f"estate:{key}  not known yet; write it into {self._file}")
            return f"[estate:{key}: not set]"
        return value

    def real_networks(self, key: str, networks: Iterable[IPvAnyNetwork]) -> None:
        """Note the networks that are only placeholders: nobody could log in from there."""
        for network in networks:
            if any(
                network.version == reserved.version and network.overlaps(reserved)
                for reserved in PLACEHOLDERS
            ):
                self.missing.append(
                    f"estate:{key}  {network} stands for an address that is not known;"
                    f" write the real one into {self._file}"
                )

    def check(self) -> None:
        """Stop an `up` that lacks something. Raises pulumi.RunError with the whole list."""
        if not self.missing:
            return
        text = f"an `up` of {self.stack} needs {len(self.missing)} values that are not at hand"
        needs = "".join(f"\n  {need}" for need in self.missing)
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(f"{text}; nothing was changed.{needs}")
        pulumi.log.info(f"{text}; it would stop before it changes anything.{needs}")

    @property
    def _file(self) -> str:
        return f"Pulumi.{self.stack}.yaml"
