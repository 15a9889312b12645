"""Components run alone, with made-up settings, against the monitor that records."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi

from components.database import CacheSettings, DatabaseSettings
from components.krogiving_settings import KroGivingSettings
from components.krotrust_settings import KroTrustSettings
from ops.plan.config import StackConfig
from ops.plan.graph import Recorder, Resource

STACK = StackConfig(project="estate", stack="test", values={}, encrypted=())


def recorded(program: Callable[[], object]) -> Recorder:
    recorder = Recorder(STACK)
    recorder.run(program)
    return recorder


def declared(program: Callable[[], object]) -> dict[str, Resource]:
    """Return the resources that a program registers, by logical name."""
    return {resource.name: resource for resource in recorded(program).graph().resources}


def exported(program: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Outputs of a program, as the plan shows them."""

    def export() -> None:
        for name, value in program().items():
            pulumi.export(name, value)

    return recorded(export).graph().outputs


def _merged(settings: dict[str, Any], changes: dict[str, Any]) -> str:
    """Settings with the changes put over them, one level down; a text as the engine gives it."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(settings.get(key), dict):
            settings[key] = {**settings[key], **value}
        else:
            settings[key] = value
    return json.dumps(settings)


def _cluster(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "version": "16",
        "size": "db-s-1vcpu-1gb",
        "nodes": 1,
        "maintenance": {"day": "friday", "hour": "22:00"},
        "tags": [],
        **more,
    }


def _filled(name: str) -> dict[str, Any]:
    return _cluster(name, database="things", user="thinker")


def database(**changes: Any) -> DatabaseSettings:
    return DatabaseSettings.model_validate_json(_merged(_filled("the-db"), changes))


def cache(**changes: Any) -> CacheSettings:
    settings = _cluster("the-cache", evictionPolicy="allkeys_lru")
    return CacheSettings.model_validate_json(_merged(settings, {"version": "8", **changes}))


def krotrust(**changes: Any) -> KroTrustSettings:
    settings = {
        "region": "lon1",
        "domain": "trust.test",
        "caaIssuers": ["letsencrypt.org"],
        "vpc": {"name": "kro-test", "ipRange": "10.1.0.0/20"},
        "droplet": {
            "name": "kro-test",
            "image": "ubuntu-24-04-x64",
            "size": "s-1vcpu-2gb",
            "tags": ["krotrust", "test"],
            "monitoring": True,
            "ipv6": False,
            "backups": None,
        },
        "reservedIp": False,
        "ssh": {"publicKey": None, "allowList": ["198.51.100.7/32"]},
        "gitBaseUrl": "git@github.com:krotrust",
        "composeFolder": "stage",
        "certificateEmail": "ops@trust.test",
        "database": _filled("kro-test-db"),
        "bucket": {"name": "kro-test-files", "region": "lon1"},
    }
    return KroTrustSettings.model_validate_json(_merged(settings, changes))


def krogiving(**changes: Any) -> KroGivingSettings:
    code = {"repository": "giving/code", "branch": "main", "aliases": []}
    settings = {
        "region": "lon1",
        "domain": "giving.test",
        "caaIssuers": ["letsencrypt.org", "pki.goog"],
        "vpc": {"name": "giv-test", "ipRange": "10.2.0.0/20"},
        "backend": {
            **code,
            "app": "giv-backend",
            "size": "apps-s-1vcpu-1gb",
            "instances": 1,
            "port": 3000,
            "environment": "testing",
            "expiresIn": "2d",
            "ttl": "301",
            "senderEmail": "no-reply@giving.test",
            "senderName": "Giving",
            "paystackPublicKey": "pk_1",
        },
        "frontend": {
            **code,
            "app": "giv-frontend",
            "splitApiKey": "split_1",
            "highlightProjectId": "highlight_1",
            "cloudinaryCloudName": "cloud_1",
            "cloudinaryUploadPreset": "preset_1",
        },
        "admin": {**code, "app": "giv-admin", "host": "panel.giving.test"},
        "postgresql": _filled("giv-test-pg"),
        "mongodb": _filled("giv-test-mongo"),
        "valkey": _cluster("giv-test-valkey", evictionPolicy="allkeys_lru"),
        "media": {"name": "giv-test-media", "region": "fra1"},
    }
    return KroGivingSettings.model_validate_json(_merged(settings, changes))
