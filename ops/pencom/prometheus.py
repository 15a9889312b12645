"""What Prometheus watches: node-exporter on every host, and each service's health by blackbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from ops.pencom import assumed
from ops.pencom.inventory import Estate, bracketed

CONFIG, NODES, HEALTH = "prometheus.yml", "targets/nodes.yml", "targets/health.yml"


def files(estate: Estate) -> dict[str, str]:
    """Give the targets, and a configuration that reads them."""
    nodes = [
        _target(
            f"{bracketed(host.address)}:{assumed.NODE_EXPORTER_PORT}",
            {"stack": estate.stack, "host": host.name, "role": host.role},
        )
        for host in estate.hosts.values()
    ]
    health = [
        _target(
            estate.health(service),
            {"stack": estate.stack, "host": service.host, "service": service.name},
        )
        for service in estate.services.values()
    ]
    jobs = [
        {"job_name": "pencom-nodes", "file_sd_configs": [{"files": [NODES]}]},
        {
            "job_name": "pencom-health",
            "metrics_path": "/probe",
            "params": {"module": ["http_2xx"]},
            "file_sd_configs": [{"files": [HEALTH]}],
            "relabel_configs": [  # blackbox is asked, of the target
                {"source_labels": ["__address__"], "target_label": "__param_target"},
                {"source_labels": ["__param_target"], "target_label": "instance"},
                {
                    "target_label": "__address__",
                    "replacement": f"localhost:{assumed.BLACKBOX_PORT}",
                },
            ],
        },
    ]
    return {
        CONFIG: _dumped({"scrape_configs": jobs}),
        NODES: _dumped(nodes),
        HEALTH: _dumped(health),
    }


def _target(address: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"targets": [address], "labels": labels}


def _dumped(document: dict[str, Any] | Iterable[Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, width=2**16)
