"""Public URLs: their answers, their certificates, and redirects of plain HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from small_estate import bad, run, state_of, whole, write
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from trustme import CA

from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.verify import web
from ops.verify.web import Endpoint
from rehearsal.api import ADDRESS, running
from rehearsal.network import playing, server_context

STATE = state_of(whole())
ONE = state_of({"UptimeCheck/1": whole()["UptimeCheck/1"]})
URL, PLAIN = "URLs: https://api.kro.test/health", "plain HTTP: http://api.kro.test"


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    file = tmp_path_factory.mktemp("far") / "cloud.json"
    with playing(file) as variables:
        yield file, variables


@pytest.fixture
def look(
    far: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, Any]], dict[str, Finding]]:
    file, variables = far
    monkeypatch.setenv("SSL_CERT_FILE", variables["SSL_CERT_FILE"])

    def all_of(cloud: dict[str, Any]) -> dict[str, Finding]:
        write(file, cloud)
        return run(web.checks(STATE, variables["ESTATE_CONNECT_TO"]))

    return all_of


Look = Callable[[dict[str, Any]], dict[str, Finding]]


def test_every_public_url_answers_and_plain_http_redirects_to_it(look: Look) -> None:
    results = look(whole())
    good = "200; certificate: 89 days left"
    assert {name: each.detail for name, each in results.items()} == {
        URL: good,
        "URLs: https://api.giv.test/health": good,
        "URLs: https://giv.test/health": good,
        "URLs: https://www.giv.test": good,
        PLAIN: "301 to https://api.kro.test/",
        "plain HTTP: http://api.giv.test": "301 to https://api.giv.test/",
        "plain HTTP: http://giv.test": "301 to https://giv.test/",
        "plain HTTP: http://www.giv.test": "301 to https://www.giv.test/",
    }
    assert {each.state for each in results.values()} == {"ok"}


def _without_droplet(cloud: dict[str, Any]) -> None:
    del cloud["Droplet/7"]


def _off(cloud: dict[str, Any]) -> None:
    cloud["Droplet/7"]["state"]["status"] = "off"


def _elsewhere(cloud: dict[str, Any]) -> None:
    cloud["DnsRecord/1"]["state"]["value"] = "198.18.0.8"


@pytest.mark.parametrize("broken", [_without_droplet, _off, _elsewhere])
def test_a_name_without_a_server_is_bad(
    look: Look, broken: Callable[[dict[str, Any]], None]
) -> None:
    cloud = whole()
    broken(cloud)
    assert bad(look(cloud)) == {URL: f"at {ADDRESS}: 502; certificate: 89 days left"}


def test_a_reserved_ip_answers_while_a_droplet_has_it(look: Look) -> None:
    cloud = whole()
    address = {"name": "", "import_id": "", "state": {"region": "fra1", "dropletId": 7}}
    cloud["ReservedIp/198.18.9.9"] = address
    cloud["DnsRecord/1"]["state"]["value"] = "198.18.9.9"
    assert bad(look(cloud)) == {}
    del address["state"]["dropletId"]  # type: ignore[attr-defined]
    assert set(bad(look(cloud))) == {URL}


def test_a_missing_app_is_bad_at_each_of_its_names(look: Look) -> None:
    cloud = whole()
    del cloud["App/a-1"]
    results = bad(look(cloud))
    assert len(results) == 3
    assert all("giv.test" in name and "421" in why for name, why in results.items())


def _site(answer: Callable[[Request], Response]) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", answer)])


def _alone(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    secure: Callable[[Request], Response] = lambda _: Response(),
    plain: Callable[[Request], Response] = lambda request: RedirectResponse(
        f"https://{request.headers['host']}/", 308
    ),
    lasts: timedelta = timedelta(days=60, hours=1),
    name: str = "api.kro.test",
    trusted: bool = True,
) -> dict[str, Finding]:
    """The findings of one URL with these answers to it and to plain HTTP."""
    authority = CA()
    known = folder / "known.pem"
    (authority if trusted else CA()).cert_pem.write_to_path(known)
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    with (
        running(_site(secure), server_context(authority, name, lasts)) as https,
        running(_site(plain)) as http,
    ):
        return run(web.checks(ONE, f"{ADDRESS}:{https}:{http}"))


def test_a_certificate_of_sixty_days_is_ok(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    results = _alone(monkeypatch, tmp_path)
    assert results[URL].detail == "200; certificate: 60 days left"
    assert bad(results) == {}


@pytest.mark.parametrize(
    ("setup", "detail"),
    [
        ({"lasts": timedelta(days=14, minutes=-1)}, "200; certificate: 13 days left"),
        ({"lasts": timedelta(minutes=-1)}, "certificate has expired"),
        ({"trusted": False}, "certificate verify failed"),
        ({"name": "app.kro.test"}, "certificate is not valid for 'api.kro.test'"),
        ({"secure": lambda _: Response(status_code=500)}, "500; certificate: 60 days left"),
        ({"secure": lambda _: RedirectResponse("https://elsewhere.test/")}, "307, to https://els"),
    ],
)
def test_a_bad_certificate_or_another_answer_is_bad(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setup: Any, detail: str
) -> None:
    (wrong,) = bad(_alone(monkeypatch, tmp_path, **setup)).items()
    assert wrong[0] == URL
    assert detail in wrong[1]


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (Response(), "200; required is 301 or 308 to https://api.kro.test"),
        (RedirectResponse("https://api.kro.test/", 302), "302 to https://api.kro.test/; required"),
        (RedirectResponse("https://elsewhere.test/", 301), "301 to https://elsewhere.test/; req"),
        (RedirectResponse("http://api.kro.test/", 301), "301 to http://api.kro.test/; required"),
    ],
)
def test_plain_http_without_the_right_redirect_is_bad(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: Response, detail: str
) -> None:
    (wrong,) = bad(_alone(monkeypatch, tmp_path, plain=lambda _: answer)).items()
    assert wrong[0] == PLAIN
    assert wrong[1].startswith(detail)


def test_a_closed_port_is_bad() -> None:
    results = run(web.checks(ONE, f"{ADDRESS}:1:1"))
    assert set(bad(results)) == {URL, PLAIN}
    assert all("refused" in why for why in bad(results).values())


def test_a_request_goes_to_the_recorded_endpoint_with_its_own_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests: list[tuple[str, Endpoint]] = []

    @contextlib.contextmanager
    def note(url: str, end: Endpoint, *_: object) -> Iterator[Any]:
        requests.append((url, end))
        raise OSError("not today")
        yield

    monkeypatch.setattr(web, "get", note)
    run(web.checks(STATE, None))
    ends = dict(requests)
    assert ends["https://api.kro.test/health"] == Endpoint("198.18.0.7")
    assert ends["http://giv.test"] == Endpoint("giv-1.apps.rehearsal.test")
    run(web.checks(ONE, None))
    assert requests[-1] == ("http://api.kro.test", Endpoint("api.kro.test"))


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:443", ":1:2", "h:1:x", "1:2"])
def test_a_malformed_endpoint_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="allowed is HOST:HTTPSPORT:HTTPPORT"):
        list(web.checks(STATE, text))


def test_an_endpoint_may_be_an_ipv6_address() -> None:
    assert web.endpoint("::1:443:80") == Endpoint("::1", 443, 80)
