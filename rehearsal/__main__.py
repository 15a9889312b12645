"""`python -m rehearsal`: `up` rehearses a deployment; the rest lends its cloud to others."""

import json
import shlex
import threading
from pathlib import Path
from typing import Annotated, Literal

import typer

from rehearsal import CLOUD_VARIABLE, engine_on_path, environment

app = typer.Typer(no_args_is_help=True, add_completion=False)
Cloud = Annotated[Path | None, typer.Option(help="The file that stands for the cloud.")]


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
    # The engine wants the folder of its state to be there.
    (Path(variables[CLOUD_VARIABLE]).parent / "state").mkdir(parents=True, exist_ok=True)
    told = f"# pulumi now talks to the rehearsal cloud, the file {variables[CLOUD_VARIABLE]!r}"
    typer.echo(told, err=form == "json")
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
        float, typer.Option(min=0, help="How often faster than real life; 0 waits for nothing.")
    ] = 60,
) -> None:
    """Bring a stack up from nothing with the real engine, and tell what it took."""
    from rehearsal import run

    raise typer.Exit(run.rehearse(stack, speed))


@app.command()
def recover(
    lost: Annotated[str, typer.Argument(help="What `python -m ops recover` lists.")],
    speed: Annotated[float, typer.Option(min=0, help="0 waits for nothing.")] = 0,
) -> None:
    """Lose something of production in a cloud of its own, and type every step of its recovery."""
    from rehearsal.scenario import rehearse  # needs what requirements-dev.txt adds

    raise typer.Exit(rehearse(lost, speed))


@app.command()
def api(cloud: Cloud = None, port: Annotated[int, typer.Option(help="0: a free one")] = 0) -> None:
    """Serve the cloud, read only and on this machine alone, in the form of DigitalOcean's API."""
    from rehearsal.api import serve  # needs what requirements-dev.txt adds

    serve(Path(environment(cloud)[CLOUD_VARIABLE]), port)


@app.command()
def network(cloud: Cloud = None) -> None:
    """Play names, certificates and answers of the cloud on this machine, until it is stopped."""
    from rehearsal.network import playing  # needs what requirements-dev.txt adds

    with playing(Path(environment(cloud)[CLOUD_VARIABLE])) as variables:
        for name, value in variables.items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        threading.Event().wait()


if __name__ == "__main__":
    engine_on_path()
    app(prog_name="python -m rehearsal")
