"""The monthly cost of an estate in USD, by DigitalOcean's public list prices.

Droplets (basic, regular CPU): digitalocean.com/pricing/droplets, the list of July 2022. Their
backups (basic plans): docs.digitalocean.com/products/backups/details/pricing, March 2026. App
Platform (shared CPU): digitalocean.com/pricing/app-platform, as quoted in public in 2026.

Prices of managed databases depend on engine, nodes and storage and are not listed. Traffic, Spaces
and taxes are not counted. Prices may be outdated: totals show the size of a change, not a bill.
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


def monthly_cost(planned: Graph) -> tuple[float, Counter[str]]:
    """Return the known cost of a month in USD, and the count of each size without a price."""
    total, unknown = 0.0, Counter[str]()
    for size, count, price in _items(planned):
        if price is None:
            unknown[size] += count
        else:
            total += price * count
    return round(total, 2), unknown


def lines(before: Graph, after: Graph) -> list[str]:
    """Return lines on the cost before and after, and on the sizes without a price."""
    (old, old_unknown), (new, new_unknown) = monthly_cost(before), monthly_cost(after)
    difference = f"{old:.2f} -> {new:.2f} ({new - old:+.2f})" if old != new else f"{new:.2f}"
    result = [f"{difference} USD a month by the list prices in ops/review/prices.py"]
    if old_unknown == new_unknown:
        sizes = ", ".join(f"{count} x {size}" for size, count in sorted(new_unknown.items()))
        return [*result, f"price unknown, no change: {sizes}"] if sizes else result
    return result + [
        f"price unknown: {size}, {old_unknown[size]} -> {new_unknown[size]}"
        for size in sorted(old_unknown.keys() | new_unknown.keys())
        if old_unknown[size] != new_unknown[size]
    ]


def _items(planned: Graph) -> Iterator[tuple[str, int, float | None]]:
    """Yield each size in use, its count, and the price of one in USD or None."""
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
