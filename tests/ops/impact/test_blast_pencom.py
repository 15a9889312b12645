"""`ops blast` of all that Pencom has and uses: what fails hard, what only in part, by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from expected_impact import (
    CORE_STORES,
    GATEWAYS,
    PENCOM_MONGODB,
    PENCOM_POSTGRESQL,
    SIX,
    Expected,
    states,
)

from ops.impact.blast import blast_radius, resolve
from ops.impact.edges import dependency_graph
from ops.plan.graph import Graph

Plan = Callable[[str], Graph]

BEHIND_GATEWAYS = {"minio", "postgresql/pencom_compliance"}
# Who calls a service, and who calls those.
CALLERS = {
    "core": {"compliance", "payments", *GATEWAYS},
    "payments": {"core", "compliance", *GATEWAYS},
    "compliance": {"core", "payments", *GATEWAYS},
    "notifications": {"core", "compliance", "payments", *GATEWAYS},
    "audit": {"core", "compliance", "payments", *GATEWAYS},
    "external-integrations": GATEWAYS,
}
HOSTS: dict[str, Expected] = {
    "vps-1": {"down": {"vps-1", "nginx", *GATEWAYS}, "stays": BEHIND_GATEWAYS},
    "nginx": {"down": {"nginx", *GATEWAYS}, "stays": BEHIND_GATEWAYS},
    "vps-2": {
        "down": {"vps-2", *SIX},
        "degraded": GATEWAYS,
        "stays": {*PENCOM_POSTGRESQL, *PENCOM_MONGODB, "redis", "minio"},
    },
    "vps-3": {
        "down": {
            *{"vps-3", "external-gateway", "redis"},
            *(*SIX, *PENCOM_POSTGRESQL, *PENCOM_MONGODB),
        },
        "degraded": {"api-gateway"},
        "stays": {"minio"},
    },
    "vps-4": {"down": {"vps-4", "minio"}, "partly": {*GATEWAYS, "compliance"}},
}
SERVICES: dict[str, Expected] = {
    "core": {"down": {"core"}, "degraded": CALLERS["core"], "stays": CORE_STORES},
    "payments": {
        "down": {"payments"},
        "degraded": CALLERS["payments"],
        "stays": {"postgresql/pencom_payments"},
    },
    "compliance": {
        "down": {"compliance"},
        "degraded": CALLERS["compliance"],
        "stays": {"postgresql/pencom_compliance", "redis", "minio"},
    },
    "notifications": {
        "down": {"notifications"},
        "degraded": CALLERS["notifications"],
        "stays": {"mongodb/pencom_notifications"},
    },
    "audit": {
        "down": {"audit"},
        "degraded": CALLERS["audit"],
        "stays": {"postgresql/pencom_audit"},
    },
    "external-integrations": {
        "down": {"external-integrations"},
        "degraded": GATEWAYS,
        "stays": {"postgresql/pencom_external_integrations"},
    },
    "api-gateway": {"down": {"api-gateway"}, "stays": {"minio"}},
    "external-gateway": {"down": {"external-gateway"}, "stays": BEHIND_GATEWAYS},
}
STORES: dict[str, Expected] = {
    "postgresql": {
        "down": {*PENCOM_POSTGRESQL, *(SIX - {"notifications"}), "external-gateway"},
        "degraded": {"api-gateway"},
        "stays": {"mongodb/pencom_core_otp", "redis", "minio"},
    },
    "postgresql/pencom_core_db2": {
        "down": {"postgresql/pencom_core_db2", "core"},
        "degraded": CALLERS["core"],
        "stays": CORE_STORES - {"postgresql/pencom_core_db2"},
    },
    "postgresql/pencom_payments": {
        "down": {"postgresql/pencom_payments", "payments"},
        "degraded": CALLERS["payments"],
    },
    "postgresql/pencom_compliance": {  # which external-gateway uses, too
        "down": {"postgresql/pencom_compliance", "compliance", "external-gateway"},
        "degraded": {"core", "payments", "api-gateway"},
        "stays": {"redis", "minio"},
    },
    "postgresql/pencom_external_integrations": {
        "down": {"postgresql/pencom_external_integrations", "external-integrations"},
        "degraded": GATEWAYS,
    },
    "postgresql/pencom_audit": {
        "down": {"postgresql/pencom_audit", "audit"},
        "degraded": CALLERS["audit"],
    },
    "mongodb": {
        "down": {*PENCOM_MONGODB, "core", "notifications"},
        "degraded": {"compliance", "payments", *GATEWAYS},
        "stays": {"postgresql/pencom_core_db2", "redis"},
    },
    "mongodb/pencom_notifications": {
        "down": {"mongodb/pencom_notifications", "notifications"},
        "degraded": CALLERS["notifications"],
    },
    "mongodb/pencom_core_otp": {
        "down": {"mongodb/pencom_core_otp", "core"},
        "degraded": CALLERS["core"],
        "stays": CORE_STORES - {"mongodb/pencom_core_otp"},
    },
    "redis": {"down": {"redis"}, "partly": {"core", "compliance"}},  # jobs and links are lost
    "minio": {"down": {"minio"}, "partly": {*GATEWAYS, "compliance"}},
}
OF_OTHERS: dict[str, Expected] = {
    "oracle-ecrs": {"partly": {"core", "compliance"}},  # reads degrade, the rest stays up
    "Remita": {"partly": {"payments"}},
    "SendGrid": {"partly": {"notifications"}},
    "Termii": {},  # nothing is sent through it
    "Highlight.io": {"unseen": {*SIX, *GATEWAYS}},
    "PostHog": {"unseen": {"api-gateway"}},
}
CASES = {**HOSTS, **SERVICES, **STORES, **OF_OTHERS}


@pytest.mark.parametrize("stack", ["prod", "stage"])
@pytest.mark.parametrize("name", CASES)
def test_of_pencom_exactly_these_are_affected(plan: Plan, name: str, stack: str) -> None:
    graph = dependency_graph(plan(stack))
    radius = blast_radius(graph, resolve(graph, name))
    own = tuple(hit for hit in radius.hits if hit.node.system == "pencom")
    assert states(replace(radius, hits=own)) == CASES[name]


def test_nothing_that_pencom_has_or_uses_is_left_out(plan: Plan) -> None:
    graph = dependency_graph(plan("prod"))
    own = {key for key, node in graph.nodes.items() if node.system == "pencom"} - {"pencom"}
    used = {edge.needed for edge in graph.edges.values() if edge.dependent in own}
    asked = {key for name in CASES for key in resolve(graph, name)}
    assert len(own) == len({**HOSTS, **SERVICES, **STORES, "oracle-ecrs": {}})
    assert asked == own | used | {"Termii"}


@pytest.mark.parametrize(
    ("alias", "label"),
    [
        ("VPS 1", "vps-1"),
        ("pencom-compliance", "compliance"),
        ("pencom_payments", "postgresql/pencom_payments"),
        ("sendgrid", "SendGrid"),
        ("HIGHLIGHT.IO", "Highlight.io"),
    ],
)
def test_what_people_call_it_finds_the_same(plan: Plan, alias: str, label: str) -> None:
    graph = dependency_graph(plan("prod"))
    assert [graph.nodes[key].label for key in resolve(graph, alias)] == [label]
