"""The network of a rehearsal: names, certificates and answers follow the cloud's file."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import dns.rcode
import httpx
import pytest

import rehearsal
from ops.recovery.checks import delegation
from rehearsal.network import addresses, playing, status

DROPLET = {
    "name": "web",
    "image": "1",
    "size": "s",
    "region": "fra1",
    "status": "active",
    "ipv4Address": "198.18.0.7",
    "ipv4AddressPrivate": "10.1.0.7",
}
INGRESS = "it-1.apps.rehearsal.test"


def _write(file: Path, **changed: Any) -> dict[str, Any]:
    """A cloud with a droplet, two names of it and an app, some of it changed or taken out."""
    record = {"domain": "d.test", "type": "A", "ttl": 300, "value": "198.18.0.7"}
    spec = {"name": "it", "domainNames": [{"name": "app.test"}, {"name": "www.app.test"}]}
    states: dict[str, Any] = {
        "Domain/d.test": {"name": "d.test"},
        "Domain/app.test": {"name": "app.test"},
        "DnsRecord/1": {**record, "name": "web"},
        "DnsRecord/2": {**record, "type": "CNAME", "name": "old", "value": "web.d.test."},
        "DnsRecord/3": {**record, "type": "CAA", "name": "@", "tag": "issue", "value": "ca.test."},
        "DnsRecord/4": {**record, "type": "MX", "name": "@", "value": "mail.test."},
        "DnsRecord/5": {**record, "type": "CNAME", "name": "round", "value": "round.d.test."},
        "Droplet/7": DROPLET,
        "App/a": {"defaultIngress": f"https://{INGRESS}", "activeDeploymentId": "1", "spec": spec},
    }
    kept = {key: each for key, each in {**states, **changed}.items() if each is not None}
    content = {
        "resources": {k: {"import_id": k, "state": each} for k, each in kept.items()},
        "delegated": ["d.test", "app.test"],
    }
    file.write_text(json.dumps(content))
    return content


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    file = tmp_path_factory.mktemp("far") / "cloud.json"
    with playing(file) as variables:
        yield file, variables


def _resolve(variables: dict[str, str], name: str, kind: str) -> tuple[str, list[str]]:
    host, port = variables["ESTATE_NAMESERVER"].split(":")
    answer = dns.query.udp(dns.message.make_query(name, kind), host, port=int(port), timeout=5)
    return dns.rcode.to_text(answer.rcode()), [str(e) for each in answer.answer for e in each]


def _get(variables: dict[str, str], url: str) -> httpx.Response:
    host, secure, plain = variables["ESTATE_CONNECT_TO"].split(":")
    scheme, name = url.split("://")
    trust = ssl.create_default_context(cafile=variables["SSL_CERT_FILE"])
    with httpx.Client(verify=trust, trust_env=False) as client:
        return client.get(
            f"{scheme}://{host}:{secure if scheme == 'https' else plain}/path?x=1",
            headers={"Host": name},
            extensions={"sni_hostname": name},
        )


def test_names_are_answered_as_the_cloud_has_them(far: tuple[Path, dict[str, str]]) -> None:
    file, variables = far
    _write(file)
    address = addresses(json.loads(file.read_text()), INGRESS)
    assert _resolve(variables, "web.d.test", "A") == ("NOERROR", ["198.18.0.7"])
    assert _resolve(variables, "WEB.d.test", "AAAA") == ("NOERROR", [])
    assert _resolve(variables, "old.d.test", "A") == ("NOERROR", ["web.d.test.", "198.18.0.7"])
    assert _resolve(variables, "old.d.test", "CNAME") == ("NOERROR", ["web.d.test."])
    assert _resolve(variables, "d.test", "CAA") == ("NOERROR", ['0 issue "ca.test"'])
    assert _resolve(variables, "nobody.d.test", "A") == ("NXDOMAIN", [])
    assert _resolve(variables, "app.test", "A") == ("NOERROR", address)
    assert _resolve(variables, "www.app.test", "A") == ("NOERROR", [f"{INGRESS}.", *address])
    _write(file, **{"DnsRecord/1": None})
    assert _resolve(variables, "web.d.test", "A") == ("NXDOMAIN", [])
    assert _resolve(variables, "old.d.test", "A") == ("NXDOMAIN", ["web.d.test."])


def test_a_zone_that_is_lost_is_still_delegated_and_a_name_that_is_no_zone_never_was(
    far: tuple[Path, dict[str, str]],
) -> None:
    file, variables = far
    servers = [f"ns{number}.digitalocean.com." for number in (1, 2, 3)]
    for changed in ({}, {"Domain/d.test": None, "DnsRecord/3": None}):
        _write(file, **changed)
        rcode, named = _resolve(variables, "d.test", "NS")
        assert (rcode, sorted(named)) == ("NOERROR", servers)
        assert delegation.check("d.test", variables).state == "ok"
    assert _resolve(variables, "web.d.test", "NS") == ("NOERROR", [])
    assert _resolve(variables, "nobody.test", "NS") == ("NXDOMAIN", [])
    assert delegation.check("nobody.test", variables).detail == "not delegated"


def test_a_question_that_is_none_ends_nothing(far: tuple[Path, dict[str, str]]) -> None:
    file, variables = far
    _write(file)
    host, port = variables["ESTATE_NAMESERVER"].split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"hello", (host, int(port)))
    assert _resolve(variables, "web.d.test", "A") == ("NOERROR", ["198.18.0.7"])


@pytest.mark.parametrize(
    ("name", "changed", "code"),
    [
        ("web.d.test", {}, 200),
        ("old.d.test", {}, 200),
        ("www.app.test", {}, 200),
        ("web.d.test", {"Droplet/7": None}, 502),
        ("web.d.test", {"Droplet/7": {**DROPLET, "status": "off"}}, 502),
        ("www.app.test", {"App/a": None}, 421),
        ("nobody.test", {}, 421),
        ("round.d.test", {}, 421),
        (INGRESS, {}, 502),
    ],
)
def test_a_name_answers_while_what_is_behind_it_exists(
    far: tuple[Path, dict[str, str]], name: str, changed: dict[str, Any], code: int
) -> None:
    file, variables = far
    _write(file, **changed)
    assert _get(variables, f"https://{name}").status_code == code


def test_a_reserved_ip_answers_while_a_droplet_holds_it(tmp_path: Path) -> None:
    record = {"domain": "d.test", "type": "A", "name": "web", "value": "198.18.9.9"}
    address = {"region": "fra1", "dropletId": 7}
    changed = {"DnsRecord/1": record, "ReservedIp/198.18.9.9": address}
    file = tmp_path / "cloud.json"
    assert status(_write(file, **changed), "web.d.test") == 200
    assert status(_write(file, **changed, **{"Droplet/7": None}), "web.d.test") == 502


def test_plain_http_leads_to_the_same_url_over_tls(far: tuple[Path, dict[str, str]]) -> None:
    answer = _get(far[1], "http://web.d.test")
    assert answer.status_code == 301
    assert answer.headers["location"] == "https://web.d.test/path?x=1"


def test_nobody_else_trusts_its_certificates(far: tuple[Path, dict[str, str]]) -> None:
    host, secure, _ = far[1]["ESTATE_CONNECT_TO"].split(":")
    with (
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
        httpx.Client(trust_env=False) as client,
    ):
        client.get(f"https://{host}:{secure}", extensions={"sni_hostname": "web.d.test"})


def test_the_command_prints_what_leads_there(tmp_path: Path) -> None:
    cloud = tmp_path / "cloud.json"
    _write(cloud)
    command = [sys.executable, "-m", "rehearsal", "network", "--cloud", str(cloud)]
    with subprocess.Popen(command, cwd=rehearsal.ROOT, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout
            lines = [served.stdout.readline() for _ in range(3)]
            variables = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
            assert variables["SSL_CERT_FILE"] == str(tmp_path / "cloud.json.ca.pem")
            assert _get(variables, "https://web.d.test").status_code == 200
        finally:
            served.terminate()
