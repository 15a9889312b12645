"""An uptime check of one public URL: e-mails when it is down or its certificate expires soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_digitalocean as do

CERTIFICATE_DAYS = 14  # certbot renews at 30 days left: at 14, renewal has failed for weeks


@dataclass(frozen=True)
class UptimeArgs:
    """`url` is checked from three continents; `emails` must be verified on the account."""

    url: str
    emails: Sequence[str]


class Uptime(pulumi.ComponentResource):
    """Outputs: `url`."""

    def __init__(
        self, name: str, args: UptimeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("estate:watch:Uptime", name, {}, opts)
        if not args.emails:
            raise ValueError(f"{name}: emails is empty; without a recipient the provider panics")
        child = pulumi.ResourceOptions(parent=self)
        check = do.UptimeCheck(
            f"{name}-check",
            name=args.url.removeprefix("https://"),
            target=args.url,
            type="https",
            regions=["eu_west", "us_east", "se_asia"],
            enabled=True,  # declared, so that a check switched off by hand is switched on again
            opts=child,
        )
        recipients = [do.UptimeAlertNotificationArgs(emails=list(args.emails))]
        do.UptimeAlert(
            f"{name}-down",
            name=f"{args.url} is down",
            check_id=check.id,
            type="down_global",
            period="2m",
            notifications=recipients,
            opts=child,
        )
        do.UptimeAlert(
            f"{name}-certificate",
            name=f"{args.url} certificate runs out",
            check_id=check.id,
            type="ssl_expiry",
            comparison="less_than",
            threshold=CERTIFICATE_DAYS,
            period="1h",
            notifications=recipients,
            opts=child,
        )
        self.register_outputs({"url": args.url})
