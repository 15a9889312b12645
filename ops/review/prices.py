"""What a month of the sizes costs, in USD, by DigitalOcean's public list prices.

Droplets (basic, regular CPU): digitalocean.com/pricing/droplets, the list of July 2022. Their
backups (basic plans): docs.digitalocean.com/products/backups/details/pricing, March 2026. App
Platform (shared CPU): digitalocean.com/pricing/app-platform, as it is quoted in public in 2026.

Only what is certain stands here. Managed databases are priced by engine, nodes and storage: they
are unknown. Traffic, Spaces and taxes are not counted. A list may be old: read totals as the size
of a change, not as a bill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ops.plan.graph import Graph

DROPLETS = {
    "s-1vcpu-512mb-10gb": 4,
    "s-1vcpu-1gb": 6,
    "s-1vcpu-2gb": 12,
    "s-2vcpu-2gb": 18,
    "s-2vcpu-4gb": 24,
    "s-4vcpu-8gb": 48,
    "s-8vcpu-16gb": 96,
}
APPS = {
    "apps-s-1vcpu-0.5gb": 5,
    "apps-s-1vcpu-1gb-fixed": 10,
    "apps-s-1vcpu-1gb": 12,
    "apps-s-1vcpu-2gb": 25,
    "apps-s-2vcpu-4gb": 50,
}
BACKUPS = {"weekly": 0.2, "daily": 0.3}  # of the droplet's price


def month(planned: Graph) -> tuple[float, Counter[str]]:
    """Give what is known of a month's cost, and how often each size is used that is not."""
    total, unknown = 0.0, Counter[str]()
    for size, count, price in _items(planned):
        if price is None:
            unknown[size] += count
        else:
            total += price * count
    return round(total, 2), unknown


def lines(before: Graph, after: Graph) -> list[str]:
    """Say it before and after: one line for what is known, one for what is not."""
    (old, lost), (new, found) = month(before), month(after)
    difference = f"{old:.2f} -> {new:.2f} ({new - old:+.2f})" if old != new else f"{new:.2f}"
    told = [f"{difference} USD a month by the list prices in ops/review/prices.py"]
    if lost == found:
        sizes = ", ".join(f"{count} x {size}" for size, count in sorted(found.items()))
        return [*told, f"unknown, and unchanged: {sizes}"] if sizes else told
    for size in sorted(lost.keys() | found.keys()):
        if lost[size] != found[size]:
            told.append(f"unknown: {size}, {lost[size]} -> {found[size]}")
    return told


def _items(planned: Graph) -> Iterator[tuple[str, int, float | None]]:
    """Give each size in use, how often, and what one of it costs."""
    for resource in planned.resources:
        kind, inputs = resource.kind, resource.inputs
        if kind == "Droplet":
            price = DROPLETS.get(inputs["size"])
            plan = (inputs.get("backupPolicy") or {}).get("plan", "weekly")
            share = BACKUPS.get(plan) if inputs.get("backups") else 0.0
            known = None if price is None or share is None else price * (1 + share)
            yield inputs["size"], 1, known
        elif kind == "DatabaseCluster":
            yield f"{inputs['engine']} {inputs['size']}", int(inputs["nodeCount"]), None
        elif kind == "App":
            for service in inputs["spec"].get("services", ()):
                size = service["instanceSizeSlug"]
                yield size, int(service["instanceCount"]), APPS.get(size)
