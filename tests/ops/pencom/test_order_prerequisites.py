"""What has to run before a service, and who uses what is stopped."""

from __future__ import annotations

from inventories import inventory_of, planned, prod, with_service

from ops.pencom.order import remaining_users, steps


def test_a_service_without_a_store_starts_after_all_stores() -> None:
    inventory = inventory_of(planned(with_service("audit", stores=())))
    checked = [step.name for step in steps(inventory, "start", "audit", 60) if not step.command]
    assert checked == ["minio", "mongodb", "postgresql", "redis", "core"]


def test_the_services_with_data_in_a_stopped_store_are_its_users() -> None:
    assert remaining_users(prod(), ["mongodb"]) == {"mongodb": ["core", "notifications"]}
