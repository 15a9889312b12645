"""The account's client: which one it opens, every page of a list, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import rehearsal
from ops import ROOT
from ops.account.client import Account, spaces_url, visit
from ops.cli.errors import UsageError
from rehearsal.api import client_variables, serving

SECRET = "canary-token"


def cloud_of(folder: Path, vpcs: int) -> Path:
    """A cloud with that many VPCs."""
    state = {"region": "fra1", "ipRange": "10.1.0.0/20"}
    resources = {
        f"Vpc/{n}": {"name": f"v{n}", "import_id": str(n), "state": {**state, "name": f"v{n}"}}
        for n in range(vpcs)
    }
    file = folder / "cloud.json"
    file.write_text(json.dumps({"resources": resources}))
    return file


def real(url: str, **more: str) -> dict[str, str]:
    """An environment with no stand-in on PATH, and nothing tried twice."""
    keys = {"SPACES_ACCESS_KEY_ID": "id", "SPACES_SECRET_ACCESS_KEY": SECRET}
    own = {"PATH": "", "DIGITALOCEAN_TOKEN": SECRET, "DIGITALOCEAN_HTTP_RETRY_MAX": "0"}
    return {**own, **keys, **client_variables(url), **more}


@dataclass
class Far:
    """A far end that answers always the same."""

    url: str
    status: int = 200
    body: str = "{}"
    heard: list[Mapping[str, str]] = field(default_factory=list)


@pytest.fixture
def far() -> Iterator[Far]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there.heard.append(dict(self.headers))
            content = there.body.encode()
            self.send_response(there.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        there = Far(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield there
        server.shutdown()
        thread.join()


def test_where_the_stand_in_answers_the_account_is_the_rehearsals_cloud(
    tmp_path: Path, far: Far
) -> None:
    cloud = cloud_of(tmp_path, vpcs=1)
    environ = {**real(far.url), **rehearsal.environment(cloud), "DIGITALOCEAN_TOKEN": SECRET}
    with visit(environ) as account:
        (vpc,) = account.read("VPCs")
        assert (vpc["name"], vpc["ip_range"]) == ("v0", "10.1.0.0/20")
        assert SECRET not in repr(account)
        assert account.spaces("fra1").meta.endpoint_url.endswith("/spaces/fra1")
    assert far.heard == []


def test_a_list_comes_whole_however_many_pages_it_has(tmp_path: Path) -> None:
    with serving(cloud_of(tmp_path, vpcs=401)) as url, visit(real(url)) as account:
        found = account.read("VPCs")
        assert len({vpc["name"] for vpc in found}) == len(found) == 401


def test_a_list_whose_method_knows_no_pages_comes_whole_too(tmp_path: Path) -> None:
    cloud = cloud_of(tmp_path, vpcs=0)
    state = {"engine": "pg", "database": "defaultdb", "user": "doadmin", "password": "x"}
    made = {
        f"DatabaseDb/{n}": {"name": "", "import_id": "", "state": {"name": f"d{n}", "clusterId": 7}}
        for n in range(250)
    }
    cluster = {"name": "db", "import_id": "7", "state": {**state, "storageSizeMib": "1"}}
    cloud.write_text(json.dumps({"resources": {**made, "DatabaseCluster/7": cluster}}))
    with serving(cloud) as url, visit(real(url)) as account:
        found = account.read("cluster databases", "7")
        assert len(found) == 251
        with pytest.raises(UsageError, match="could not be found"):
            account.read("cluster databases", "8")


@pytest.mark.parametrize("body", ["{}", '{"links": {}, "meta": {"total": 0}}', '{"apps": null}'])
def test_a_list_of_nothing_is_empty_even_where_its_envelope_is_left_out(
    far: Far, body: str
) -> None:
    far.body = body
    with visit(real(far.url)) as account:
        assert account.read("apps") == []


def test_without_tls_no_token_is_sent(far: Far) -> None:
    far.body = '{"vpcs": []}'
    with visit(real(far.url)) as account:
        assert account.read("VPCs") == []
    (heard,) = far.heard
    assert "Authorization" not in heard
    assert SECRET not in str(heard)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, '{"id": "Unauthorized", "message": "Unable to authenticate you"}', "401 Unable to"),
        (503, "<html>", "503 Service Unavailable"),
    ],
)
def test_a_refusal_of_the_api_is_its_status_and_message(
    far: Far, status: int, body: str, said: str
) -> None:
    far.status, far.body = status, body
    with (
        pytest.raises(UsageError, match=f"^DigitalOcean refused: {said}") as refused,
        visit(real(far.url)) as account,
    ):
        account.read("VPCs")
    assert SECRET not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_refusal_of_spaces_is_its_status_and_message(far: Far) -> None:
    far.status = 403
    far.body = "<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>"
    with (
        pytest.raises(
            UsageError, match=r"^Spaces refused ListBuckets: 403 AccessDenied: not yours"
        ),
        visit(real(far.url)) as account,
    ):
        account.spaces("fra1").list_buckets()


@pytest.mark.parametrize(
    "ask",
    [
        lambda account: account.read("VPCs"),
        lambda account: account.spaces("fra1").list_buckets(),
    ],
    ids=["api", "spaces"],
)
def test_an_account_that_does_not_answer_is_an_error(ask: Callable[[Account], object]) -> None:
    with (
        pytest.raises(UsageError, match=r"^DigitalOcean did not answer: ") as refused,
        visit(real("http://127.0.0.1:1")) as account,
    ):
        ask(account)
    assert "127.0.0.1" in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"DIGITALOCEAN_TOKEN": ""}, "^DIGITALOCEAN_TOKEN is not set: reading the account"),
        ({"DIGITALOCEAN_API_URL": "api"}, "^DIGITALOCEAN_API_URL is 'api': allowed is a URL"),
        ({"DIGITALOCEAN_HTTP_RETRY_MAX": "x"}, "^DIGITALOCEAN_HTTP_RETRY_MAX is 'x': allowed is"),
        (
            {"PATH": str(ROOT / "rehearsal" / "bin")},
            "^REHEARSAL_CLOUD is not set: it names the file",
        ),
    ],
)
def test_a_missing_or_wrong_variable_is_refused_before_anything_is_read(
    wrong: dict[str, str], said: str
) -> None:
    with (
        pytest.raises(UsageError, match=said),
        visit({**real("http://127.0.0.1:1"), **wrong}),
    ):
        pytest.fail("it was let in")


def test_the_token_has_another_name_too() -> None:
    environ = real("http://127.0.0.1:1", DIGITALOCEAN_ACCESS_TOKEN="x")
    del environ["DIGITALOCEAN_TOKEN"]
    with visit(environ) as account:
        assert isinstance(account, Account)


@pytest.mark.parametrize(
    "missing",
    [
        ("SPACES_SECRET_ACCESS_KEY",),
        ("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY"),
    ],
)
def test_a_spaces_key_is_asked_for_when_it_is_needed(missing: tuple[str, ...]) -> None:
    with (
        visit({**real("http://127.0.0.1:1"), **dict.fromkeys(missing, "")}) as account,
        pytest.raises(UsageError, match=f"^{' and '.join(missing)} not set: the account's token"),
    ):
        account.spaces("fra1")


def test_the_endpoint_of_spaces_is_a_template_as_for_the_provider() -> None:
    assert spaces_url({}, "ams3") == "https://ams3.digitaloceanspaces.com"
    own = {"SPACES_ENDPOINT_URL": "http://s3.test/{{.Region}}"}
    assert spaces_url(own, "ams3") == "http://s3.test/ams3"
    with pytest.raises(UsageError, match=r"^SPACES_ENDPOINT_URL is 'https://s3.test': allowed"):
        spaces_url({"SPACES_ENDPOINT_URL": "https://s3.test"}, "ams3")


def test_the_view_of_a_rehearsal_needs_what_only_the_tests_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "rehearsal.api")
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with (
        pytest.raises(UsageError, match=r"uvicorn, which is not installed.*requirements-dev\.txt"),
        visit(rehearsal.environment(cloud_of(tmp_path, vpcs=0))),
    ):
        pytest.fail("it was let in")


def test_the_door_is_cheap_to_know_of() -> None:
    code = "import sys, ops.account; sys.exit(bool({'pydo', 'boto3', 'uvicorn'} & {*sys.modules}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
