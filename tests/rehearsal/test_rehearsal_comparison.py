"""Two states are compared by declared values, not by those that the cloud made up."""

from __future__ import annotations

from typing import Any

from rehearsal.comparison import SECRET, differences, resources

BEGIN = "urn:pulumi:prod::estate::estate:product:KroTrust$digitalocean:index/"


def _resource(kind: str, name: str, outputs: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    return {
        "urn": f"{BEGIN}{kind}::{name}",
        "type": f"digitalocean:index/{kind}",
        "id": outputs.pop("id"),
        "protect": True,
        "custom": True,
        "inputs": {"__defaults": [], **inputs},
        "outputs": {**inputs, **outputs},
    }


def _estate(number: int, address: str, secret: str = "v1:one", **droplet: Any) -> dict[str, Any]:
    """A droplet behind a firewall, with a record that leads to it."""
    outputs = {"id": str(number), "ipv4Address": address}
    inputs = {"label": "kro-prod-droplet", "size": "s-1", **droplet}
    state = [
        _resource("droplet:Droplet", "droplet", outputs, **inputs),
        _resource("firewall:Firewall", "firewall", {"id": "f-1234567"}, dropletIds=[float(number)]),
        _resource("dnsRecord:DnsRecord", "record", {"id": "1"}, value=address, ttl=300),
        _resource("app:App", "app", {"id": "a-1234567"}, key={SECRET: "x", "ciphertext": secret}),
        {
            "urn": "urn:pulumi:prod::estate::estate:product:KroTrust::krotrust",
            "type": "estate:product:KroTrust",
            "custom": False,
            "outputs": {"name": "kro-prod-droplet"},  # passed on, not an output of its own
        },
        {"urn": "urn:pulumi:prod::estate::pulumi:pulumi:Stack::estate-prod", "type": "pulumi:x"},
    ]
    return resources({"deployment": {"resources": state}})


def test_a_replaced_droplet_equals_the_one_before_wherever_its_id_and_address_are_used() -> None:
    before, after = _estate(123456789, "198.18.1.2"), _estate(987654321, "198.18.3.4", "v1:other")
    assert before["firewall"]["inputs"] == {"dropletIds": ["<droplet.id>"]}
    assert before["record"]["inputs"] == {"value": "<droplet.ipv4Address>", "ttl": 300}
    assert before["app"]["inputs"] == {"key": "[secret]"}
    assert before["droplet"]["inputs"] == {"label": "kro-prod-droplet", "size": "s-1"}
    assert differences(before, after) == {}


def test_a_record_with_another_target_is_reported() -> None:
    after = _estate(123456789, "198.18.1.2")
    after["record"]["inputs"]["value"] = "203.0.113.9"
    assert differences(_estate(123456789, "198.18.1.2"), after) == {"record": "value"}


def test_what_is_missing_new_or_no_longer_protected_is_reported() -> None:
    before, after = _estate(123456789, "198.18.1.2"), _estate(123456789, "198.18.1.2", size="s-2")
    after["other"] = after.pop("record")
    after["app"]["protect"] = False
    assert differences(before, after) == {
        "app": "protect",
        "droplet": "size",
        "other": "new",
        "record": "missing",
    }
