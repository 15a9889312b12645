"""KROGiving (crowdfunding): three App Platform apps, their databases, media bucket and DNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as do

from components.app import ServiceApp, ServiceArgs, SiteArgs, Source, StaticSite
from components.bucket import MediaArgs, MediaBucket
from components.database import CacheSettings, Database, DatabaseArgs, DatabaseSettings, Engine
from components.facts import krogiving as facts
from components.grouping import Grouping, GroupingArgs
from components.krogiving_settings import AppSettings, KroGivingSettings
from components.label import Label
from components.sealed import Seal, Sealer
from components.uptime import Uptime, UptimeArgs
from components.vpc import Network, network
from components.zone import Zone, ZoneArgs

NAMES: dict[Engine, str] = {"pg": "postgresql", "mongodb": "mongodb", "valkey": "valkey"}


@dataclass(frozen=True)
class KroGivingArgs:
    """Settings, and what the stack resolved before anything was registered.

    `public` are the browser-visible identifiers by variable name; `secrets` the plain texts at
    hand by variable name; `seals` those stored after an earlier `up`.
    """

    label: Label
    settings: KroGivingSettings
    public: Mapping[str, str]
    secrets: Mapping[str, pulumi.Input[str] | None]
    seals: Mapping[str, Seal]
    seal_key: pulumi.Input[str] | None
    alert_emails: Sequence[str]


class KroGiving(pulumi.ComponentResource):
    """Outputs: `urls`, `backend_id`, `seals` (what `ops seal` stores), `fingerprints`, `hosts`.

    `hosts` by app are DigitalOcean's own names, which answer whoever holds the public ones.
    """

    urls: Mapping[str, str]
    backend_id: pulumi.Output[str]
    hosts: Mapping[str, pulumi.Output[str]]
    seals: pulumi.Output[dict[str, dict[str, str | None]]]
    fingerprints: Mapping[str, pulumi.Output[str | None]]

    def __init__(
        self, name: str, args: KroGivingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:product:KroGiving", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        self.urls = _urls(settings)

        vpc = network(f"{name}-vpc", settings.vpc, settings.region, self)
        databases = _databases(name, args, vpc, child)
        media = MediaBucket(
            f"{name}-media",
            MediaArgs(
                settings=settings.media,
                cors_origins=_pages(settings, self.urls),
                key_name=args.label.name("media"),
            ),
            child,
        )
        zone = Zone(
            f"{name}-zone",
            ZoneArgs(settings.domain, settings.caa_issuers, records=settings.records),
            child,
        )
        sealer = Sealer(args.seals, args.seal_key)
        backend = ServiceApp(
            f"{name}-backend",
            _backend(args, vpc, databases, media, zone, sealer),
            child,
        )
        apps = {"backend": backend.app, **_sites(name, args, zone, child)}
        for site, url in self.urls.items():
            Uptime(f"{name}-uptime-{site}", UptimeArgs(url, args.alert_emails), child)
        Grouping(
            f"{name}-grouping",
            GroupingArgs(
                label=args.label,
                description="KROGiving: crowdfunding",
                urns=[
                    *(app.app_urn for app in apps.values()),
                    *(each.cluster_urn for base in databases.values() for each in base.clusters),
                    media.bucket.bucket_urn,
                    zone.domain.domain_urn,
                ],
            ),
            child,
        )
        self.backend_id = backend.app.id
        self.hosts = {key: app.default_ingress.apply(_host) for key, app in apps.items()}
        self.seals = sealer.seals(backend.app.spec.apply(_sealed))
        self.fingerprints = sealer.fingerprints
        self.register_outputs({"urls": self.urls, "fingerprints": self.fingerprints})


def _urls(settings: KroGivingSettings) -> dict[str, str]:
    urls = {"api": f"https://api.{settings.domain}{facts.HEALTH_PATH}"}
    if settings.frontend:
        urls["site"] = f"https://{settings.domain}"
        urls["www"] = f"https://www.{settings.domain}"
    if settings.admin:
        urls["admin"] = f"https://{settings.admin.host}"
    return urls


def _pages(settings: KroGivingSettings, urls: Mapping[str, str]) -> list[str]:
    """Give the sites that may show what the media bucket holds."""
    own = [url for site, url in urls.items() if site != "api"]
    return [*own, *map(settings.answered, own)] if settings.answers_for else own


def _databases(
    name: str, args: KroGivingArgs, vpc: Network, opts: pulumi.ResourceOptions
) -> dict[str, Database]:
    settings = args.settings
    # The app joins the VPC, so trusting its range lets the app in before it has an id of its own.
    trusted = [do.DatabaseFirewallRuleArgs(type="ip_addr", value=vpc.ip_range)]

    clusters: dict[Engine, DatabaseSettings | CacheSettings] = {
        "pg": settings.postgresql,
        "mongodb": settings.mongodb,
        "valkey": settings.valkey,
    }
    return {
        NAMES[engine]: Database(
            f"{name}-{NAMES[engine]}",
            DatabaseArgs(engine, cluster, settings.region, vpc.id, args.label.tags, trusted),
            opts,
        )
        for engine, cluster in clusters.items()
    }


def _source(
    settings: AppSettings,
    args: KroGivingArgs,
    zone: Zone,
    *,
    build: str,
    domains: Sequence[str],
    variables: Mapping[str, pulumi.Input[str]],
) -> Source:
    return Source(
        name=settings.app,
        region=args.settings.region.rstrip("0123456789"),  # App Platform says fra, not fra1
        repository=settings.repository,
        branch=settings.branch,
        build=build,
        domains=_answered([*domains, *settings.aliases], args.settings, zone),
        variables=variables,
    )


def _answered(
    names: Sequence[str], settings: KroGivingSettings, zone: Zone
) -> dict[str, pulumi.Input[str]]:
    """Give the names that an app answers, each with the zone that its record is written into.

    There is always one: with none, the provider would leave those that the app has.
    """
    if settings.stand_in:
        return {settings.set_aside(names[0]): zone.domain.name}
    own: dict[str, pulumi.Input[str]] = dict.fromkeys(names, zone.domain.name)
    if not settings.answers_for:
        return own
    return own | {settings.answered(name): settings.answers_for for name in names}


def _backend(
    args: KroGivingArgs,
    vpc: Network,
    databases: Mapping[str, Database],
    media: MediaBucket,
    zone: Zone,
    sealer: Sealer,
) -> ServiceArgs:
    settings = args.settings
    return ServiceArgs(
        source=_source(
            settings.backend,
            args,
            zone,
            build=facts.BACKEND_BUILD,
            domains=[f"api.{settings.domain}"],
            variables=_backend_variables(args, databases, media),
        ),
        run=facts.BACKEND_RUN,
        port=settings.backend.port,
        size=settings.backend.size,
        instances=settings.backend.instances,
        health_path=facts.HEALTH_PATH,
        network_id=vpc.id,
        databases=[database.attachment(kind) for kind, database in databases.items()],
        secrets=_backend_secrets(args, media, sealer),
        ready=[database.trusted for database in databases.values()],
    )


def _backend_variables(
    args: KroGivingArgs, databases: Mapping[str, Database], media: MediaBucket
) -> dict[str, pulumi.Input[str]]:
    """Plain variables. `${...}` is filled in by App Platform from the attached database.

    Hosts are the private ones: the databases trust the VPC, and `${postgresql.HOSTNAME}` is public.
    """
    settings, backend = args.settings, args.settings.backend
    return {
        "ENVIRONMENT": backend.environment,
        "EXPIRES_IN": backend.expires_in,
        "TTL": backend.ttl,
        "FRONT_END_URL": f"https://{settings.answered(settings.domain)}",
        "GIV_POSTGRES_HOST": databases["postgresql"].cluster.private_host,
        "GIV_POSTGRES_PORT": "${postgresql.PORT}",
        "GIV_POSTGRES_USER": "${postgresql.USERNAME}",
        "GIV_POSTGRES_PASSWORD": "${postgresql.PASSWORD}",
        "GIV_POSTGRES_DATABASE": "${postgresql.DATABASE}",
        "GIV_POSTGRES_CA": "${postgresql.CA_CERT}",
        "MONGO_URI": "${mongodb.DATABASE_PRIVATE_URL}",
        "REDIS_HOST": databases["valkey"].cluster.private_host,
        "REDIS_PORT": "${valkey.PORT}",
        "PAYSTACK_PUBLIC_KEY": args.public["PAYSTACK_PUBLIC_KEY"],
        "SENDER_EMAIL": backend.sender_email,
        "SENDER_NAME": backend.sender_name,
        "SPACES_REGION": settings.media.region,
        "SPACES_BUCKET_NAME": media.bucket.name,
        "SPACES_ENDPOINT": pulumi.Output.concat("https://", media.bucket.endpoint),
        "SPACES_BUCKET_URL": pulumi.Output.concat("https://", media.cdn.endpoint),
    }


def _backend_secrets(
    args: KroGivingArgs, media: MediaBucket, sealer: Sealer
) -> dict[str, pulumi.Output[str]]:
    plain: dict[str, pulumi.Input[str] | None] = {
        **{name: args.secrets[name] for name in facts.BACKEND_SECRETS},
        # The provider does not mark the key's id as a secret.
        "SPACES_ACCESS_KEY_ID": pulumi.Output.secret(media.key.access_key),
        "SPACES_SECRET_ACCESS_KEY": media.key.secret_key,
    }
    return {name: sealer.value(name, value) for name, value in plain.items()}


def _sites(
    name: str, args: KroGivingArgs, zone: Zone, opts: pulumi.ResourceOptions
) -> dict[str, do.App]:
    settings = args.settings
    api = f"https://{settings.answered(f'api.{settings.domain}')}"
    sites = {}
    if settings.frontend:
        variables = {key: args.public[key] for key in facts.FRONTEND_PUBLIC}
        source = _source(
            settings.frontend,
            args,
            zone,
            build=facts.FRONTEND_BUILD,
            domains=[settings.domain, f"www.{settings.domain}"],
            variables={"REACT_APP_API_BASE_URL": api, **variables},
        )
        output = SiteArgs(source, facts.FRONTEND_OUTPUT)
        sites["frontend"] = StaticSite(f"{name}-frontend", output, opts).app
    if settings.admin:
        source = _source(
            settings.admin,
            args,
            zone,
            build=facts.ADMIN_BUILD,
            domains=[settings.admin.host],
            variables={"VITE_API_BASE_URL": api},
        )
        output = SiteArgs(source, facts.ADMIN_OUTPUT)
        sites["admin"] = StaticSite(f"{name}-admin", output, opts).app
    return sites


def _sealed(spec: do.outputs.AppSpec | None) -> Mapping[str, str]:
    """Pick out of the app as DigitalOcean answers it: variable to sealed string."""
    return {str(env.key): str(env.value) for env in (spec and spec.envs) or ()}


def _host(url: str | None) -> str:
    return (url or "").removeprefix("https://")
