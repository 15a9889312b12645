"""Public URLs: what is behind a name, its certificate, and where plain HTTP leads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from small_estate import bad, state_of, told, whole, write
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from trustme import CA

from ops.cli.errors import UsageError
from ops.cli.findings import Finding
from ops.verify import web
from ops.verify.web import Door
from rehearsal.api import ADDRESS, running
from rehearsal.network import server_context, simulated_network

STATE = state_of(whole())
ONE = state_of({"UptimeCheck/1": whole()["UptimeCheck/1"]})
URL, PLAIN = "URLs: https://api.kro.test/health", "plain HTTP: http://api.kro.test"


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    file = tmp_path_factory.mktemp("far") / "cloud.json"
    with simulated_network(file) as variables:
        yield file, variables


@pytest.fixture
def look(
    far: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, Any]], dict[str, Finding]]:
    file, variables = far
    monkeypatch.setenv("SSL_CERT_FILE", variables["SSL_CERT_FILE"])

    def all_of(cloud: dict[str, Any]) -> dict[str, Finding]:
        write(file, cloud)
        return told(web.looks(STATE, variables["ESTATE_CONNECT_TO"]))

    return all_of


Looking = Callable[[dict[str, Any]], dict[str, Finding]]


def test_every_public_url_answers_and_plain_http_leads_to_it(look: Looking) -> None:
    found = look(whole())
    good = "200; certificate: 89 days left"
    assert {name: each.told for name, each in found.items()} == {
        URL: good,
        "URLs: https://api.giv.test/health": good,
        "URLs: https://giv.test/health": good,
        "URLs: https://www.giv.test": good,
        PLAIN: "301 to https://api.kro.test/",
        "plain HTTP: http://api.giv.test": "301 to https://api.giv.test/",
        "plain HTTP: http://giv.test": "301 to https://giv.test/",
        "plain HTTP: http://www.giv.test": "301 to https://www.giv.test/",
    }
    assert {each.state for each in found.values()} == {"ok"}


def _without_droplet(cloud: dict[str, Any]) -> None:
    del cloud["Droplet/7"]


def _off(cloud: dict[str, Any]) -> None:
    cloud["Droplet/7"]["state"]["status"] = "off"


def _elsewhere(cloud: dict[str, Any]) -> None:
    cloud["DnsRecord/1"]["state"]["value"] = "198.18.0.8"


@pytest.mark.parametrize("broken", [_without_droplet, _off, _elsewhere])
def test_a_name_with_nothing_behind_it_is_bad(
    look: Looking, broken: Callable[[dict[str, Any]], None]
) -> None:
    cloud = whole()
    broken(cloud)
    assert bad(look(cloud)) == {URL: f"at {ADDRESS}: 502; certificate: 89 days left"}


def test_a_reserved_ip_answers_while_a_droplet_holds_it(look: Looking) -> None:
    cloud = whole()
    address = {"name": "", "import_id": "", "state": {"region": "fra1", "dropletId": 7}}
    cloud["ReservedIp/198.18.9.9"] = address
    cloud["DnsRecord/1"]["state"]["value"] = "198.18.9.9"
    assert bad(look(cloud)) == {}
    del address["state"]["dropletId"]  # type: ignore[attr-defined]
    assert set(bad(look(cloud))) == {URL}


def test_an_app_that_is_gone_is_bad_at_each_of_its_names(look: Looking) -> None:
    cloud = whole()
    del cloud["App/a-1"]
    found = bad(look(cloud))
    assert len(found) == 3
    assert all("giv.test" in name and "421" in why for name, why in found.items())


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
    """What is found of one URL where it and plain HTTP are answered like this."""
    authority = CA()
    known = folder / "known.pem"
    (authority if trusted else CA()).cert_pem.write_to_path(known)
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    with (
        running(_site(secure), server_context(authority, name, lasts)) as https,
        running(_site(plain)) as http,
    ):
        return told(web.looks(ONE, f"{ADDRESS}:{https}:{http}"))


def test_a_certificate_of_sixty_days_is_fine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = _alone(monkeypatch, tmp_path)
    assert found[URL].told == "200; certificate: 60 days left"
    assert bad(found) == {}


@pytest.mark.parametrize(
    ("given", "said"),
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
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: Any, said: str
) -> None:
    (wrong,) = bad(_alone(monkeypatch, tmp_path, **given)).items()
    assert wrong[0] == URL
    assert said in wrong[1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response(), "200; wanted is 301 or 308 to https://api.kro.test"),
        (RedirectResponse("https://api.kro.test/", 302), "302 to https://api.kro.test/; wanted"),
        (RedirectResponse("https://elsewhere.test/", 301), "301 to https://elsewhere.test/; want"),
        (RedirectResponse("http://api.kro.test/", 301), "301 to http://api.kro.test/; wanted"),
    ],
)
def test_plain_http_that_leads_nowhere_or_elsewhere_is_bad(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: Response, said: str
) -> None:
    (wrong,) = bad(_alone(monkeypatch, tmp_path, plain=lambda _: answer)).items()
    assert wrong[0] == PLAIN
    assert wrong[1].startswith(said)


def test_nobody_at_the_door_is_bad() -> None:
    found = told(web.looks(ONE, f"{ADDRESS}:1:1"))
    assert set(bad(found)) == {URL, PLAIN}
    assert all("refused" in why for why in bad(found).values())


def test_a_connection_goes_where_the_state_says_under_the_name_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, Door]] = []

    @contextlib.contextmanager
    def note(url: str, door: Door, *_: object) -> Iterator[Any]:
        asked.append((url, door))
        raise OSError("not today")
        yield

    monkeypatch.setattr(web, "asked", note)
    told(web.looks(STATE, None))
    doors = dict(asked)
    assert doors["https://api.kro.test/health"] == Door("198.18.0.7")
    assert doors["http://giv.test"] == Door("giv-1.apps.rehearsal.test")
    told(web.looks(ONE, None))
    assert asked[-1] == ("http://api.kro.test", Door("api.kro.test"))


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:443", ":1:2", "h:1:x", "1:2"])
def test_a_door_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="allowed is HOST:HTTPSPORT:HTTPPORT"):
        list(web.looks(STATE, text))


def test_a_door_may_be_an_ipv6_address() -> None:
    assert web.door("::1:443:80") == Door("::1", 443, 80)
