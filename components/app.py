"""App Platform apps: a service that deploys on request, and static sites that deploy on push."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_digitalocean as do

SPEC_ALERTS = ("DEPLOYMENT_FAILED", "DOMAIN_FAILED")
# Percentage of the instance, or restarts, within five minutes.
SERVICE_ALERTS = {"CPU_UTILIZATION": 80, "MEM_UTILIZATION": 80, "RESTART_COUNT": 2}
BUILD_LIMIT = "65m"  # a build may take an hour; updates wait on the create timeout, too


@dataclass(frozen=True)
class Source:
    """`name` of the app and its component, at most 32 characters; `repository` is owner/name."""

    name: str
    region: str  # of App Platform: fra, not fra1
    repository: str
    branch: str
    build: str
    domains: Mapping[str, pulumi.Input[str]]  # name to its zone; the first is the primary one
    variables: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceArgs:
    """`secrets` are set for the whole app, apart from the plain variables that a reviewer reads.

    `ready` are the resources without which the first deployment fails.
    """

    source: Source
    run: str
    port: int
    size: str
    instances: int
    health_path: str
    network_id: pulumi.Input[str]
    databases: Sequence[do.AppSpecDatabaseArgs]
    secrets: Mapping[str, pulumi.Output[str]]
    ready: Sequence[pulumi.Resource]


class ServiceApp(pulumi.ComponentResource):
    """Outputs: `app`, `urn`."""

    app: do.App

    def __init__(
        self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:app:Service", name, {}, opts)
        source = args.source
        self.app = do.App(
            f"{name}-app",
            spec=_spec(
                source,
                envs=[
                    do.AppSpecEnvArgs(key=key, value=value, scope="RUN_TIME", type="SECRET")
                    for key, value in sorted(args.secrets.items())
                ],
                databases=list(args.databases),
                vpcs=[do.AppSpecVpcArgs(id=args.network_id)],
                services=[
                    do.AppSpecServiceArgs(
                        name=source.name,
                        github=do.AppSpecServiceGithubArgs(
                            repo=source.repository, branch=source.branch, deploy_on_push=False
                        ),
                        environment_slug="node-js",
                        build_command=source.build,
                        run_command=args.run,
                        http_port=args.port,
                        instance_size_slug=args.size,
                        instance_count=args.instances,
                        health_check=do.AppSpecServiceHealthCheckArgs(
                            http_path=args.health_path,
                            # Migrations run on start-up: give them five minutes.
                            initial_delay_seconds=30,
                            period_seconds=10,
                            timeout_seconds=5,
                            failure_threshold=27,
                            success_threshold=1,
                        ),
                        # `type` stays unset: declared as GENERAL it differs after every refresh.
                        envs=[
                            do.AppSpecServiceEnvArgs(key=key, value=value, scope="RUN_TIME")
                            for key, value in sorted(source.variables.items())
                        ],
                        alerts=[
                            do.AppSpecServiceAlertArgs(
                                rule=rule,
                                operator="GREATER_THAN",
                                value=value,
                                window="FIVE_MINUTES",
                            )
                            for rule, value in SERVICE_ALERTS.items()
                        ],
                    )
                ],
            ),
            opts=_waiting(self, args.ready),
        )
        self.register_outputs({"id": self.app.id, "url": self.app.live_url})


@dataclass(frozen=True)
class SiteArgs:
    """`output` is the folder that the build writes; the site serves index.html for every path."""

    source: Source
    output: str


class StaticSite(pulumi.ComponentResource):
    """Outputs: `app`."""

    app: do.App

    def __init__(
        self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:app:StaticSite", name, {}, opts)
        source = args.source
        self.app = do.App(
            f"{name}-app",
            spec=_spec(
                source,
                static_sites=[
                    do.AppSpecStaticSiteArgs(
                        name=source.name,
                        github=do.AppSpecStaticSiteGithubArgs(
                            repo=source.repository, branch=source.branch, deploy_on_push=True
                        ),
                        environment_slug="node-js",
                        build_command=source.build,
                        output_dir=args.output,
                        index_document="index.html",
                        catchall_document="index.html",
                        envs=[
                            do.AppSpecStaticSiteEnvArgs(key=key, value=value, scope="BUILD_TIME")
                            for key, value in sorted(source.variables.items())
                        ],
                    )
                ],
            ),
            opts=_waiting(self, ()),
        )
        self.register_outputs({"id": self.app.id, "url": self.app.live_url})


def _waiting(parent: pulumi.Resource, ready: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(ready),
        custom_timeouts=pulumi.CustomTimeouts(create=BUILD_LIMIT),
    )


def _spec(source: Source, **components: Any) -> do.AppSpecArgs:
    # With `zone`, App Platform writes the DNS records of its domains itself. Alerts go to the
    # account's address: destinations are never read back, and would differ after every refresh.
    return do.AppSpecArgs(
        name=source.name,
        region=source.region,
        alerts=[do.AppSpecAlertArgs(rule=rule) for rule in SPEC_ALERTS],
        domain_names=[
            do.AppSpecDomainNameArgs(
                name=domain, type="ALIAS" if position else "PRIMARY", zone=zone
            )
            for position, (domain, zone) in enumerate(source.domains.items())
        ],
        **components,
    )
