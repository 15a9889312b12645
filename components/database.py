"""A managed database cluster with its database, its user and the only sources it trusts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import pulumi
import pulumi_digitalocean as do
from pydantic import Field, StringConstraints

from components.values import DatabaseSize, Day, Identifier, Model, Name, Tag


class Maintenance(Model):
    """Weekly window. It can be moved but never removed: removing it panics the provider."""

    day: Day
    hour: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):00$")]


class Restore(Model):
    """Fill a new cluster from a backup of another. It acts when the cluster is made, not later."""

    cluster: Name
    at: Annotated[str | None, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")] = (
        None
    )


class ClusterSettings(Model):
    """What every engine has. `name` is the cluster's identity: another name is another cluster.

    `tags` are those beyond the product's own.
    """

    name: Name
    version: Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?$")]
    size: DatabaseSize
    nodes: Annotated[int, Field(ge=1, le=3)]
    maintenance: Maintenance
    tags: tuple[Tag, ...]


class DatabaseSettings(ClusterSettings):
    """A cluster that holds a database of ours. `restore` names the cluster to fill it from."""

    database: Identifier
    user: Identifier
    restore: Restore | None = None


class CacheSettings(ClusterSettings):
    """A cluster whose loss costs nothing: it has no backups, so nothing to restore from."""

    eviction_policy: Literal[
        "noeviction",
        "allkeys_lru",
        "allkeys_random",
        "volatile_lru",
        "volatile_random",
        "volatile_ttl",
    ]


Engine = Literal["pg", "mongodb", "valkey"]


@dataclass(frozen=True)
class DatabaseArgs:
    """`trusted` may not be empty: a cluster without trusted sources is open to the internet."""

    engine: Engine
    settings: DatabaseSettings | CacheSettings
    region: str
    network_id: pulumi.Input[str]
    tags: Sequence[str]
    trusted: Sequence[do.DatabaseFirewallRuleArgs]


class Database(pulumi.ComponentResource):
    """Outputs: `cluster`, `trusted` (to wait for before a consumer starts)."""

    cluster: do.DatabaseCluster
    trusted: do.DatabaseFirewall
    _db_name: pulumi.Output[str] | None
    _db_user: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:database:Database", name, {}, opts)
        if not args.trusted:
            raise ValueError(f"{name}: name at least one trusted source")
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        # project_id stays unset: any mismatch with it plans a new, empty cluster.
        self.cluster = do.DatabaseCluster(
            f"{name}-cluster",
            name=settings.name,
            engine=args.engine,
            version=settings.version,
            size=settings.size,
            node_count=settings.nodes,
            region=args.region,
            private_network_uuid=args.network_id,
            tags=[*args.tags, *settings.tags],
            maintenance_windows=[
                do.DatabaseClusterMaintenanceWindowArgs(
                    day=settings.maintenance.day, hour=settings.maintenance.hour
                )
            ],
            eviction_policy=(
                settings.eviction_policy if isinstance(settings, CacheSettings) else None
            ),
            backup_restore=_restore(settings),
            opts=child,
        )
        self._db_name = self._db_user = None
        if isinstance(settings, DatabaseSettings):
            self._db_name = do.DatabaseDb(
                f"{name}-db", cluster_id=self.cluster.id, name=settings.database, opts=child
            ).name
            self._db_user = do.DatabaseUser(
                f"{name}-user", cluster_id=self.cluster.id, name=settings.user, opts=child
            ).name
        self.trusted = do.DatabaseFirewall(
            f"{name}-trusted-sources",
            cluster_id=self.cluster.id,
            rules=list(args.trusted),
            opts=child,
        )
        self.register_outputs({"host": self.cluster.private_host, "name": self.cluster.name})

    def attachment(self, name: str) -> do.AppSpecDatabaseArgs:
        """Give the entry of an app's spec that makes `${name.PASSWORD}` and the like resolve there.

        So the database's credentials reach the app without passing through this program.
        """
        return do.AppSpecDatabaseArgs(
            name=name,
            engine=self.cluster.engine.apply(str.upper),
            version=self.cluster.version,
            production=True,
            cluster_name=self.cluster.name,
            db_name=self._db_name,
            db_user=self._db_user,
        )


def _restore(
    settings: DatabaseSettings | CacheSettings,
) -> do.DatabaseClusterBackupRestoreArgs | None:
    if not isinstance(settings, DatabaseSettings) or settings.restore is None:
        return None
    return do.DatabaseClusterBackupRestoreArgs(
        database_name=settings.restore.cluster, backup_created_at=settings.restore.at
    )
