"""Pencom's services as far as this machine reaches them: up, down, or not checked."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from small_estate import bad, run, state_of, whole
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ops.cli.findings import Finding
from ops.engine.documents import State
from ops.plan.graph import Graph
from ops.plan.urn import Urn
from ops.verify import on_premises
from ops.verify.on_premises import UNREACHABLE
from ops.verify.recorded import Recorded
from rehearsal.api import ADDRESS, running

Plan = Callable[[str], Graph]
INTERNAL = ("core", "payments", "compliance", "notifications", "external-integrations", "audit")


@contextlib.contextmanager
def _answering(status: int) -> Iterator[int]:
    """A server that answers /health with this status; yields the port."""

    def answer(_: Request) -> Response:
        return Response(status_code=status)

    with running(Starlette(routes=[Route("/health", answer)])) as port:
        yield port


def _closed_port() -> int:
    """A port of this machine that is closed."""
    with socket.create_server((ADDRESS, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _state(plan: Plan, ports: Mapping[str, int]) -> Recorded:
    """Pencom of production on this machine: services at these ports, all others at closed ones."""
    return Recorded("prod", [_moved(each, ports) for each in plan("prod").resources])


def _moved(planned: Any, ports: Mapping[str, int]) -> State:
    inputs = dict(planned.inputs)
    name = planned.name.partition("-")[2]
    if planned.type in ("estate:pencom:Host", "estate:pencom:ForeignSystem"):
        inputs["address"] = ADDRESS
    if planned.type == "estate:pencom:Service":
        inputs["ports"] = {"http": ports.get(name, _closed_port())}
    if planned.type == "estate:pencom:ForeignSystem":
        inputs["port"] = ports.get(name, _closed_port())
    return State(Urn(planned.urn), planned.type, inputs=inputs)


def _look(plan: Plan, ports: Mapping[str, int], *, rehearsed: bool = False) -> dict[str, Finding]:
    results = run(on_premises.checks(_state(plan, ports), rehearsed=rehearsed))
    return {name.removeprefix("Pencom: "): each for name, each in results.items()}


def test_services_that_answer_are_ok_and_a_gateway_that_is_down_is_bad(plan: Plan) -> None:
    with _answering(200) as port:
        results = _look(plan, {"api-gateway": port, **dict.fromkeys(INTERNAL, port)})
    assert {name for name, each in results.items() if each.state == "ok"} == {
        "api-gateway",
        *INTERNAL,
    }
    assert results["api-gateway"].detail == f"http://{ADDRESS}:{port}/health: 200"
    (down,) = bad(results).items()
    assert down[0] == "external-gateway"
    assert "refused" in down[1]
    assert results["external-gateway"].repair.startswith(
        "`python -m ops order start external-gateway`"
    )


def test_an_internal_host_that_is_out_of_reach_is_not_checked(plan: Plan) -> None:
    results = _look(plan, {})
    skipped = {name for name, each in results.items() if each.state == "not checked"}
    assert skipped == {*INTERNAL, "oracle-ecrs"}
    assert all(results[name].detail.startswith(UNREACHABLE) for name in skipped)
    assert set(bad(results)) == {"api-gateway", "external-gateway"}


def test_a_silent_service_is_down_if_another_on_its_host_answers(plan: Plan) -> None:
    with _answering(503) as port:
        results = bad(_look(plan, {"core": port}))
    assert results["core"].endswith("/health: 503")
    assert set(results) == {"api-gateway", "external-gateway", *INTERNAL}
    assert "refused" in results["audit"]


def test_oracle_is_ok_if_it_accepts_a_connection(plan: Plan) -> None:
    with socket.create_server((ADDRESS, 0)) as listener:
        port = listener.getsockname()[1]
        oracle = _look(plan, {"oracle-ecrs": port})["oracle-ecrs"]
    assert (oracle.state, oracle.detail) == ("ok", f"{ADDRESS}:{port} accepts connections")


def test_a_rehearsal_connects_to_nothing_outside_this_machine(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_premises, "_health", None)  # a call would be an error
    planned = plan("prod").resources
    state = Recorded("prod", [State(Urn(e.urn), e.type, inputs=e.inputs) for e in planned])
    results = run(on_premises.checks(state, rehearsed=True))
    assert len(results) == 9
    assert {(each.state, each.detail) for each in results.values()} == {
        ("not checked", "a rehearsal connects to nothing outside this machine")
    }


def test_a_rehearsal_checks_a_gateway_on_this_machine(plan: Plan) -> None:
    with _answering(200) as port:
        results = _look(plan, {"api-gateway": port, "external-gateway": port}, rehearsed=True)
    assert results["api-gateway"].state == results["external-gateway"].state == "ok"
    assert results["oracle-ecrs"].state == "not checked"


def test_without_pencom_there_is_no_finding() -> None:
    assert run(on_premises.checks(state_of(whole()), rehearsed=False)) == {}
