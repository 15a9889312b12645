"""`python -m rehearsal`: `up` and `recover` rehearse; the other commands serve the cloud."""

import json
import shlex
import threading
from pathlib import Path
from typing import Annotated, Literal

import typer

from rehearsal import CLOUD_VARIABLE, engine_on_path, environment

app = typer.Typer(no_args_is_help=True, add_completion=False)
Cloud = Annotated[Path | None, typer.Option(help="The JSON file of the simulated cloud.")]


@app.callback()
def rehearsal() -> None:
    """Rehearse with the real Pulumi engine against a cloud that is one JSON file."""


@app.command()
def env(
    cloud: Cloud = None,
    speed: Annotated[float, typer.Option(min=0, help="60: an hour in a minute; 0: no wait")] = 0,
    form: Annotated[Literal["sh", "json"], typer.Option("--format", help="How to print.")] = "sh",
) -> None:
    """Print the environment of a rehearsal: `eval "$(python -m rehearsal env)"`."""
    variables = environment(cloud, speed)
    # The engine requires that the folder of its state exists.
    (Path(variables[CLOUD_VARIABLE]).parent / "state").mkdir(parents=True, exist_ok=True)
    note = f"# pulumi now uses the rehearsal cloud, the file {variables[CLOUD_VARIABLE]!r}"
    typer.echo(note, err=form == "json")
    if form == "json":
        typer.echo(json.dumps(variables, indent=2))
        return
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def up(
    stack: Annotated[
        str, typer.Option("--stack", "-s", help="A stack: STACK of Pulumi.STACK.yaml.")
    ] = "prod",
    speed: Annotated[
        float,
        typer.Option(min=0, help="How many times faster than real life; 0 waits for nothing."),
    ] = 60,
) -> None:
    """Deploy a stack from nothing with the real engine, and report how long it took."""
    from rehearsal import run

    raise typer.Exit(run.rehearse(stack, speed))


@app.command()
def recover(
    lost: Annotated[str, typer.Argument(help="A loss that `python -m ops recover` lists.")],
    speed: Annotated[float, typer.Option(min=0, help="0 waits for nothing.")] = 0,
) -> None:
    """Lose a part of production in a simulated cloud, and run every step of its recovery."""
    from rehearsal.scenario import rehearse  # needs what requirements-dev.txt adds

    raise typer.Exit(rehearse(lost, speed))


@app.command()
def api(
    cloud: Cloud = None, port: Annotated[int, typer.Option(help="0: a free port.")] = 0
) -> None:
    """Serve the cloud in the form of DigitalOcean's API: read only, on this machine alone."""
    from rehearsal.api import serve  # needs what requirements-dev.txt adds

    serve(Path(environment(cloud)[CLOUD_VARIABLE]), port)


@app.command()
def network(cloud: Cloud = None) -> None:
    """Serve the cloud's names, certificates and sites on this machine, until it is stopped."""
    from rehearsal.network import simulated_network  # needs what requirements-dev.txt adds

    with simulated_network(Path(environment(cloud)[CLOUD_VARIABLE])) as variables:
        for name, value in variables.items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        threading.Event().wait()


if __name__ == "__main__":
    engine_on_path()
    app(prog_name="python -m rehearsal")
