"""Wires the settings of a stack to the components of its systems."""

from __future__ import annotations

from ipaddress import ip_network

import pulumi

from components.facts import krogiving as giv_facts
from components.facts.pencom import INVENTORY
from components.facts.secrets import SEAL_KEY
from components.krogiving import KroGiving, KroGivingArgs
from components.krogiving_settings import KroGivingSettings
from components.krotrust import KroTrust, KroTrustArgs
from components.krotrust_settings import KroTrustSettings
from components.label import Label
from components.pencom import Pencom, PencomArgs
from stacks.discovery import RECIPE, environments, missing
from stacks.guard import guard
from stacks.required_values import RequiredValues
from stacks.settings import Settings, load


def declare() -> list[str]:
    """Declare the stack that is being run. Raises pulumi.RunError before anything is registered.

    Returns the values that an `up` would find missing, a text for each.
    """
    stack = pulumi.get_stack()
    if lacks := missing(stack):
        raise pulumi.RunError(
            f"{stack} is no stack of this project; nothing was registered.\n"
            f"  found:   {' and '.join(lacks)}\n  allowed: {', '.join(environments())}\n"
            f"  `pulumi stack select` one of them, or add {stack}: see {RECIPE}"
        )
    environment = environments()[stack]
    settings, secrets = load(stack, environment)
    values = RequiredValues(stack, secrets)
    krotrust = settings.krotrust and _krotrust(
        Label("krotrust", "kro", stack, environment.kind), settings, settings.krotrust, values
    )
    krogiving = settings.krogiving and _krogiving(
        Label("krogiving", "giv", stack, environment.kind), settings, settings.krogiving, values
    )
    values.check()

    check_removals = guard(guarded=environment.guarded, removals=settings.removals)
    if krotrust:
        escrow = KroTrust("krotrust", krotrust)
        pulumi.export("krotrustAddress", escrow.address)
        pulumi.export("krotrustUrls", escrow.urls)
        pulumi.export("krotrustDatabaseHost", escrow.database_host)
        pulumi.export("krotrustDatabaseCa", escrow.database_ca)
    if krogiving:
        giving = KroGiving("krogiving", krogiving)
        pulumi.export("krogivingUrls", giving.urls)
        pulumi.export("krogivingBackendId", giving.backend_id)
        pulumi.export("krogivingHosts", giving.hosts)
        pulumi.export("krogivingSecretFingerprints", giving.fingerprints)
        pulumi.export("krogivingSeals", pulumi.Output.secret(giving.seals))
    if settings.pencom:
        pencom = Pencom("pencom", PencomArgs(INVENTORY, settings.pencom))
        pulumi.export("pencomStartOrder", pencom.start_order)
    check_removals()
    return values.missing


def _krotrust(
    label: Label, settings: Settings, krotrust: KroTrustSettings, values: RequiredValues
) -> KroTrustArgs:
    values.real_networks("krotrust.ssh.allowList", krotrust.ssh.allow_list)
    if krotrust.stand_in:
        values.real_networks("krotrust.standIn", [ip_network(krotrust.stand_in)])
    return KroTrustArgs(
        label=label,
        settings=krotrust,
        ssh_public_key=values.setting("krotrust.ssh.publicKey", krotrust.ssh.public_key),
        alert_emails=settings.alert_emails,
    )


def _krogiving(
    label: Label, settings: Settings, krogiving: KroGivingSettings, values: RequiredValues
) -> KroGivingArgs:
    frontend = krogiving.frontend
    paystack = values.setting(
        "krogiving.backend.paystackPublicKey", krogiving.backend.paystack_public_key
    )
    public = {"PAYSTACK_PUBLIC_KEY": paystack, "REACT_APP_PAYSTACK_PUBLIC_KEY": paystack}
    if frontend:
        for variable, key, value in (
            ("SPLIT_API_KEY", "splitApiKey", frontend.split_api_key),
            ("HIGHLIGHT_PROJECT_ID", "highlightProjectId", frontend.highlight_project_id),
            ("CLOUDINARY_CLOUD_NAME", "cloudinaryCloudName", frontend.cloudinary_cloud_name),
            (
                "CLOUDINARY_UPLOAD_PRESET",
                "cloudinaryUploadPreset",
                frontend.cloudinary_upload_preset,
            ),
        ):
            public[f"REACT_APP_{variable}"] = values.setting(f"krogiving.frontend.{key}", value)
    seals = {name.removeprefix("KROGIVING__"): seal for name, seal in settings.seals.items()}
    return KroGivingArgs(
        label=label,
        settings=krogiving,
        public=public,
        secrets={
            name: values.secret(f"KROGIVING__{name}", seals.get(name))
            for name in giv_facts.BACKEND_SECRETS
        },
        seals=seals,
        seal_key=values.opened(SEAL_KEY),
        alert_emails=settings.alert_emails,
    )
