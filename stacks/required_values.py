"""Values that an `up` requires: a placeholder each in a preview, one list before a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

import pulumi
from pydantic import IPvAnyNetwork

from components.sealed import Seal
from stacks.secrets import SecretValue

# Networks reserved for documentation mark addresses that are not known yet.
PLACEHOLDERS = tuple(
    ip_network(cidr)
    for cidr in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


@dataclass
class RequiredValues:
    """Hands out the values of one stack and collects the `missing` ones, a text for each."""

    stack: str
    secrets: Mapping[str, SecretValue]
    missing: list[str] = field(default_factory=list)

    def secret(self, key: str, seal: Seal | None = None) -> pulumi.Output[str] | None:
        """Return a secret, marked as one: a placeholder if missing, None if `seal` replaces it."""
        if (plain := self.opened(key, seal)) is not None:
            return plain
        return None if seal else pulumi.Output.secret(f"[{key}: not available]")

    def opened(self, key: str, seal: Seal | None = None) -> pulumi.Output[str] | None:
        """Return a secret in plain text, or None. One with neither value nor `seal` is missing."""
        entry = self.secrets[key]
        if entry.value is not None:
            return pulumi.Output.secret(entry.value)
        if seal is None:
            self.missing.append(
                f"{key}  a secret; ask {entry.secret.ask}\n"
                f"      pulumi config set --stack {self.stack} --secret {key}"
            )
        return None

    def setting(self, key: str, value: str | None) -> str:
        """Return a setting; of one that is not known yet (None), a placeholder."""
        if value is None:
            self.missing.append(f"estate:{key}  not known yet; write it into {self._file}")
            return f"[estate:{key}: not set]"
        return value

    def real_networks(self, key: str, networks: Iterable[IPvAnyNetwork]) -> None:
        """Count placeholder networks as missing: a firewall that allows only those locks us out."""
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
        """Stop an `up` that lacks a value. Raises pulumi.RunError with the whole list."""
        if not self.missing:
            return
        text = f"an `up` of {self.stack} needs {len(self.missing)} values that are missing"
        lines = "".join(f"\n  {value}" for value in self.missing)
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(f"{text}; nothing was changed.{lines}")
        pulumi.log.info(f"{text}; it would stop before it changes anything.{lines}")

    @property
    def _file(self) -> str:
        return f"Pulumi.{self.stack}.yaml"
