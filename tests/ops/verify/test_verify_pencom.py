"""Pencom's services as they can be seen from here: up, down, or out of reach."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from small_estate import bad, state_of, told, whole
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ops.cli.findings import Finding
from ops.engine.documents import State
from ops.plan.graph import Graph
from ops.plan.urn import Urn
from ops.verify import on_premises
from ops.verify.on_premises import UNREACHED
from ops.verify.recorded import Recorded
from rehearsal.api import ADDRESS, running

Plan = Callable[[str], Graph]
INTERNAL = ("core", "payments", "compliance", "notifications", "external-integrations", "audit")


@contextlib.contextmanager
def _answering(status: int) -> Iterator[int]:
    """Somebody who answers /health so, and nothing else; lends the port."""

    def answer(_: Request) -> Response:
        return Response(status_code=status)

    with running(Starlette(routes=[Route("/health", answer)])) as port:
        yield port


def _nobody() -> int:
    """A port of this machine that nobody listens at."""
    with socket.create_server((ADDRESS, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _state(plan: Plan, ports: Mapping[str, int]) -> Recorded:
    """Pencom of production on this machine: services at these ports, all others at no door."""
    return Recorded("prod", [_moved(each, ports) for each in plan("prod").resources])


def _moved(planned: Any, ports: Mapping[str, int]) -> State:
    inputs = dict(planned.inputs)
    name = planned.name.partition("-")[2]
    if planned.type in ("estate:pencom:Host", "estate:pencom:ForeignSystem"):
        inputs["address"] = ADDRESS
    if planned.type == "estate:pencom:Service":
        inputs["ports"] = {"http": ports.get(name, _nobody())}
    if planned.type == "estate:pencom:ForeignSystem":
        inputs["port"] = ports.get(name, _nobody())
    return State(Urn(planned.urn), planned.type, inputs=inputs)


def _look(plan: Plan, ports: Mapping[str, int], *, rehearsed: bool = False) -> dict[str, Finding]:
    found = told(on_premises.looks(_state(plan, ports), rehearsed=rehearsed))
    return {name.removeprefix("Pencom: "): each for name, each in found.items()}


def test_services_that_answer_are_ok_and_a_gateway_that_is_down_is_bad(plan: Plan) -> None:
    with _answering(200) as port:
        found = _look(plan, {"api-gateway": port, **dict.fromkeys(INTERNAL, port)})
    assert {name for name, each in found.items() if each.state == "ok"} == {
        "api-gateway",
        *INTERNAL,
    }
    assert found["api-gateway"].detail == f"http://{ADDRESS}:{port}/health: 200"
    (down,) = bad(found).items()
    assert down[0] == "external-gateway"
    assert "refused" in down[1]
    assert found["external-gateway"].repair.startswith(
        "`python -m ops order start external-gateway`"
    )


def test_an_internal_host_that_is_out_of_reach_is_unseen(plan: Plan) -> None:
    found = _look(plan, {})
    unseen = {name for name, each in found.items() if each.state == "not checked"}
    assert unseen == {*INTERNAL, "oracle-ecrs"}
    assert all(found[name].detail.startswith(UNREACHED) for name in unseen)
    assert set(bad(found)) == {"api-gateway", "external-gateway"}


def test_beside_a_service_that_answers_anything_one_that_does_not_is_down(plan: Plan) -> None:
    with _answering(503) as port:
        found = bad(_look(plan, {"core": port}))
    assert found["core"].endswith("/health: 503")
    assert set(found) == {"api-gateway", "external-gateway", *INTERNAL}
    assert "refused" in found["audit"]


def test_oracle_is_ok_where_it_takes_a_connection(plan: Plan) -> None:
    with socket.create_server((ADDRESS, 0)) as listener:
        port = listener.getsockname()[1]
        oracle = _look(plan, {"oracle-ecrs": port})["oracle-ecrs"]
    assert (oracle.state, oracle.detail) == ("ok", f"{ADDRESS}:{port} takes connections")


def test_a_rehearsal_asks_nobody_outside_this_machine(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_premises, "_health", None)  # whoever is asked would be an error
    planned = plan("prod").resources
    state = Recorded("prod", [State(Urn(e.urn), e.type, inputs=e.inputs) for e in planned])
    found = told(on_premises.looks(state, rehearsed=True))
    assert len(found) == 9
    assert {(each.state, each.detail) for each in found.values()} == {
        ("not checked", "a rehearsal asks nobody outside this machine")
    }


def test_a_rehearsal_asks_a_gateway_that_stands_on_this_machine(plan: Plan) -> None:
    with _answering(200) as port:
        found = _look(plan, {"api-gateway": port, "external-gateway": port}, rehearsed=True)
    assert found["api-gateway"].state == found["external-gateway"].state == "ok"
    assert found["oracle-ecrs"].state == "not checked"


def test_without_pencom_nothing_is_said() -> None:
    assert told(on_premises.looks(state_of(whole()), rehearsed=False)) == {}
