"""A managed database cluster with its database, its user and the only sources it trusts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import pulumi
import pulumi_digitalocean as do
from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from components.types import (
    DatabaseSize,
    Day,
    Identifier,
    Mistake,
    Model,
    Moment,
    Name,
    Tag,
    Unique,
    refuse,
)

Nodes = Annotated[int, Field(ge=1, le=3)]
ClusterName = Annotated[Name, Unique("a cluster name")]


class Maintenance(Model):
    """Weekly maintenance. It can be moved, never removed: that panics the provider."""

    day: Day
    hour: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):00$")]


class Restore(Model):
    """A backup that fills a new cluster. It acts when the cluster is created, not later."""

    cluster: Name
    at: Moment | None = None


class Restored(Model):
    """A further cluster, filled when it is created: from the one before it, or from `from`.

    `at` None: the latest backup. PostgreSQL goes back to any moment of seven days, MongoDB only to
    its daily backups. `nodes` None: as many as the first cluster.
    """

    name: ClusterName
    at: Moment | None = None
    source: Annotated[Name | None, Field(alias="from")] = None
    nodes: Nodes | None = None


class ClusterSettings(Model):
    """Settings of every engine. `name` is the cluster's identity: another name, another cluster.

    `tags` are added to the product's own.
    """

    name: ClusterName
    version: Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?$")]
    size: DatabaseSize
    nodes: Nodes
    maintenance: Maintenance
    tags: tuple[Tag, ...]


class DatabaseSettings(ClusterSettings):
    """A cluster with a database. `restore` names the cluster whose backup fills it.

    `restored` are further clusters; the last one is in use. Those in `retired` are no longer
    declared. Both lists only grow: the name of a cluster is never used again.
    """

    database: Identifier
    user: Identifier
    restore: Restore | None = None
    restored: tuple[Restored, ...] = ()
    retired: tuple[Name, ...] = ()

    @property
    def names(self) -> list[str]:
        """Every cluster that ever existed, the one in use last."""
        return [self.name, *(each.name for each in self.restored)]

    @field_validator("restored")
    @classmethod
    def _each_from_an_earlier_one(
        cls, restored: tuple[Restored, ...], info: ValidationInfo
    ) -> tuple[Restored, ...]:
        names = [info.data.get("name", ""), *(each.name for each in restored)]
        refuse(
            Mistake(
                (place, "from"),
                each.source,
                f"one of {', '.join(names[: place + 1])}, or a cluster of another estate:"
                f" {each.name} cannot be filled from itself or a later one",
            )
            for place, each in enumerate(restored)
            if each.source in names[place + 1 :]
        )
        return restored

    @field_validator("retired")
    @classmethod
    def _old_ones_retire(cls, retired: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        refuse(_retirement_mistakes(retired, info.data.get("name"), info.data.get("restored")))
        return retired


def _retirement_mistakes(
    retired: tuple[str, ...], name: str | None, restored: tuple[Restored, ...] | None
) -> Iterator[Mistake]:
    """Yield the wrong entries of `retired`; `name` or `restored` None are themselves wrong."""
    for place, each in enumerate(retired):
        if each in retired[:place]:
            yield Mistake((place,), each, f"each once: {each} is there twice")
    if name is None or restored is None:
        return
    *old, in_use = name, *(each.name for each in restored)
    for place, each in enumerate(retired):
        if each == in_use:
            yield Mistake(
                (place,), each, f"no entry: {each} is in use, as the last of restored always is"
            )
        elif each not in old:
            allowed = f"one of {', '.join(old)}" if old else "no entry: no cluster was replaced yet"
            yield Mistake((place,), each, allowed)


class CacheSettings(ClusterSettings):
    """A cluster whose loss costs nothing: it has no backups to restore from."""

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


@dataclass(frozen=True)
class _Cluster:
    """One cluster to declare. `logical` is the prefix of its resources' logical names."""

    logical: str
    name: str
    nodes: int
    backup: do.DatabaseClusterBackupRestoreArgs | None


class Database(pulumi.ComponentResource):
    """Outputs of the cluster in use: `cluster`, `trusted` (a consumer starts after it).

    `clusters` are all declared ones.
    """

    cluster: do.DatabaseCluster
    clusters: Sequence[do.DatabaseCluster]
    trusted: do.DatabaseFirewall
    _db_name: pulumi.Output[str] | None
    _db_user: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        # `inUse` shows in the plan that the other clusters are to be retired.
        restored = isinstance(args.settings, DatabaseSettings) and args.settings.restored
        in_use = {"inUse": restored[-1].name} if restored else {}
        super().__init__("estate:database:Database", name, in_use, opts)
        if not args.trusted:
            raise ValueError(f"{name}: needs at least one trusted source")
        self.clusters = [self._declare(args, each) for each in _to_declare(name, args.settings)]
        self.register_outputs({"host": self.cluster.private_host, "name": self.cluster.name})

    def _declare(self, args: DatabaseArgs, cluster: _Cluster) -> do.DatabaseCluster:
        """Declare one cluster with its contents; the last one declared is in use."""
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        # project_id stays unset: any mismatch with it plans a new, empty cluster.
        self.cluster = do.DatabaseCluster(
            f"{cluster.logical}-cluster",
            name=cluster.name,
            engine=args.engine,
            version=settings.version,
            size=settings.size,
            node_count=cluster.nodes,
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
            backup_restore=cluster.backup,
            opts=child,
        )
        self._db_name = self._db_user = None
        if isinstance(settings, DatabaseSettings):
            self._db_name = do.DatabaseDb(
                f"{cluster.logical}-db",
                cluster_id=self.cluster.id,
                name=settings.database,
                opts=child,
            ).name
            self._db_user = do.DatabaseUser(
                f"{cluster.logical}-user",
                cluster_id=self.cluster.id,
                name=settings.user,
                opts=child,
            ).name
        self.trusted = do.DatabaseFirewall(
            f"{cluster.logical}-trusted-sources",
            cluster_id=self.cluster.id,
            rules=list(args.trusted),
            opts=child,
        )
        return self.cluster

    def attachment(self, name: str) -> do.AppSpecDatabaseArgs:
        """Return the entry of an app's spec that makes `${name.PASSWORD}` and the like resolve.

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


def _to_declare(name: str, settings: DatabaseSettings | CacheSettings) -> list[_Cluster]:
    """Return the clusters to declare, the one in use last."""
    if isinstance(settings, CacheSettings):
        return [_Cluster(name, settings.name, settings.nodes, None)]
    restore = settings.restore
    first = _backup(restore.cluster, restore.at) if restore else None
    clusters = [_Cluster(name, settings.name, settings.nodes, first)]
    for before, each in zip(settings.names, settings.restored, strict=False):
        backup = _backup(each.source or before, each.at)
        nodes = each.nodes or settings.nodes
        clusters.append(_Cluster(f"{name}-{each.name}", each.name, nodes, backup))
    return [each for each in clusters if each.name not in settings.retired]


def _backup(cluster: str, at: str | None) -> do.DatabaseClusterBackupRestoreArgs:
    return do.DatabaseClusterBackupRestoreArgs(database_name=cluster, backup_created_at=at)
