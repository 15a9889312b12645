"""Prometheus targets: node-exporter on every host, each service's health through blackbox."""

from __future__ import annotations

from typing import Any

import yaml

from ops.pencom import assumed
from ops.pencom.inventory import Inventory, bracketed

CONFIG, NODES, HEALTH = "prometheus.yml", "targets/nodes.yml", "targets/health.yml"


def files(inventory: Inventory) -> dict[str, str]:
    """Return a configuration and the two files of targets that it reads."""
    nodes = [
        {
            "targets": [f"{bracketed(host.address)}:{assumed.NODE_EXPORTER_PORT}"],
            "labels": {"stack": inventory.stack, "host": host.name, "role": host.role},
        }
        for host in inventory.hosts.values()
    ]
    health = [
        {
            "targets": [inventory.health_url(service)],
            "labels": {"stack": inventory.stack, "host": service.host, "service": service.name},
        }
        for service in inventory.services.values()
    ]
    blackbox = f"localhost:{assumed.BLACKBOX_PORT}"
    jobs: list[dict[str, Any]] = [
        {"job_name": "pencom-nodes", "file_sd_configs": [{"files": [NODES]}]},
        {
            "job_name": "pencom-health",
            "metrics_path": "/probe",
            "params": {"module": ["http_2xx"]},
            "file_sd_configs": [{"files": [HEALTH]}],
            "relabel_configs": [  # scrape blackbox, with the service as its parameter
                {"source_labels": ["__address__"], "target_label": "__param_target"},
                {"source_labels": ["__param_target"], "target_label": "instance"},
                {"target_label": "__address__", "replacement": blackbox},
            ],
        },
    ]
    documents = {CONFIG: {"scrape_configs": jobs}, NODES: nodes, HEALTH: health}
    return {
        file: yaml.safe_dump(document, sort_keys=False, width=2**16)
        for file, document in documents.items()
    }
