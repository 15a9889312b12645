"""`python -m rehearsal`: `up` rehearses a deployment; `env` prints what a shell sets to do so."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from rehearsal import CLOUD_VARIABLE, environment

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def rehearsal() -> None:
    """Rehearse with the real Pulumi engine against a cloud that is one JSON file."""


@app.command()
def env(
    cloud: Annotated[Path | None, typer.Option(help="The file that stands for the cloud.")] = None,
    form: Annotated[Literal["sh", "json"], typer.Option("--format", help="How to print.")] = "sh",
) -> None:
    """Print the environment of a rehearsal: `eval "$(python -m rehearsal env)"`."""
    variables = environment(cloud)
    if form == "json":
        typer.echo(json.dumps(variables, indent=2))
        return
    typer.echo(f"# pulumi now talks to the rehearsal cloud, the file {variables[CLOUD_VARIABLE]!r}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def up(
    stack: Annotated[str, typer.Option("--stack", "-s", help="prod, stage or dr.")] = "prod",
    speed: Annotated[
        float, typer.Option(min=0, help="How often faster than real life; 0 waits for nothing.")
    ] = 60,
) -> None:
    """Bring a stack up from nothing with the real engine, and tell what it took."""
    from rehearsal import run

    raise typer.Exit(run.rehearse(stack, speed))


if __name__ == "__main__":
    app(prog_name="python -m rehearsal")
