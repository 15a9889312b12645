"""`python -m ops`: the commands, each in a module of its own."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from ops.cli.errors import UsageError
from ops.cli.options import (
    BlastFormat,
    Choose,
    ConfigFile,
    ListFormat,
    PictureFormat,
    PlanFormat,
    ReportFormat,
    Shown,
    Stack,
    TextFormat,
    Yes,
)
from ops.pencom.commands import inventory, order
from ops.recovery.commands import gone, recover, state, verify

app = typer.Typer(
    help="Day-2 commands of the estate.", no_args_is_help=True, pretty_exceptions_enable=False
)


@app.command()
def plan(
    stack: Stack = "prod",
    format: Shown[PlanFormat] = PlanFormat.tree,  # noqa: A002
    diff: Annotated[bool, typer.Option("--diff", help="Only what differs from rendered/.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 2 when it differs from rendered/.")
    ] = False,
) -> None:
    """Show what the program declares, without engine, credentials or network."""
    from ops.plan import command

    raise typer.Exit(command.run(stack, format.value, diff=diff, exit_code=exit_code))


@app.command()
def policy(
    stack: Stack = "prod",
    config_file: ConfigFile = None,
    format: Shown[TextFormat] = TextFormat.text,  # noqa: A002
) -> None:
    """Name what no change may do and the plan does; exit 1 where a mandatory rule is broken."""
    from ops.review import policy_command as command

    raise typer.Exit(command.run(stack, config_file, format.value))


@app.command()
def blast(
    name: Annotated[
        str, typer.Argument(help="A logical name, host, URL, service, store or third party.")
    ],
    stack: Stack = "prod",
    format: Shown[BlastFormat] = BlastFormat.text,  # noqa: A002
) -> None:
    """Tell what stands on one thing: URLs, services, data, who to tell, where recovery is."""
    from ops.impact import command

    raise typer.Exit(command.run(stack, name, format.value))


@app.command()
def graph(
    stack: Stack = "prod",
    format: Annotated[PictureFormat, typer.Option(help="How to draw it.")] = PictureFormat.html,  # noqa: A002
    output: Annotated[str | None, typer.Option(help="File to write.")] = None,
) -> None:
    """Draw the estate: a still picture, or a page that shows what the loss of each part affects."""
    from ops.diagram import command

    raise typer.Exit(command.run(stack, format.value, output))


@app.command()
def render(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 2 where docs/runbook/ is stale.")
    ] = False,
) -> None:
    """Write rendered/, every stack's plan that reviewers read, and docs/runbook/ from prod's."""
    from ops.plan import rendered
    from ops.recovery import runbook

    if check:
        typer.echo("\n".join(stale := runbook.stale()) or "docs/runbook is of the plan")
        raise typer.Exit(2 if stale else 0)
    for file in [*rendered.write_all(), *runbook.write()]:
        typer.echo(file)


@app.command()
def review(
    stack: Stack = "prod",
    base: Annotated[
        str | None, typer.Option(help="Compare with where this began; main by default.")
    ] = None,
    preview: Annotated[
        str | None, typer.Option(help="Review this `pulumi preview --json` instead of the plan.")
    ] = None,
    format: Shown[ReportFormat] = ReportFormat.md,  # noqa: A002
) -> None:
    """Tell a reviewer what a change destroys, what stands on it, what changes, what it costs."""
    from ops.review import command

    raise typer.Exit(command.run(stack, base, preview, format.value))


@app.command()
def secrets(
    stack: Stack = "prod",
    format: Shown[ListFormat] = ListFormat.table,  # noqa: A002
) -> None:
    """Tell of each secret whether a value is at hand, from where, and who to ask."""
    from ops.deploy import secrets as command

    command.run(stack, format.value)


@app.command()
def seal(
    stack: Stack = "prod",
    config_file: ConfigFile = None,
) -> None:
    """Store what DigitalOcean sealed in the last `up` in the stack file."""
    from ops.deploy import seal as command

    command.store(stack, config_file)


@app.command()
def drift(
    stack: Stack = "prod",
    config_file: ConfigFile = None,
    format: Shown[TextFormat] = TextFormat.text,  # noqa: A002
    report: Annotated[str | None, typer.Option(help="A file to get the JSON, too.")] = None,
) -> None:
    """Tell what differs between cloud, state and code, changing nothing; exit 2 on a drift."""
    from ops.drift import command

    raise typer.Exit(command.run(stack, config_file, format.value, report))


@app.command()
def mend(
    stack: Stack = "prod",
    choose: Choose = None,
    yes: Yes = False,
    config_file: ConfigFile = None,
) -> None:
    """Put the state in order after an `up` that was killed or failed; deletes nothing."""
    from ops.adopt import repair as command

    raise typer.Exit(command.run(stack, config_file, choose or [], yes=yes))


@app.command()
def adopt(
    stack: Stack = "prod",
    choose: Choose = None,
    apply: Annotated[bool, typer.Option("--apply", help="Import what was recognised.")] = False,
    config_file: ConfigFile = None,
    format: Shown[TextFormat] = TextFormat.text,  # noqa: A002
) -> None:
    """Take over what runs today: show it, touching nothing; exit 2 where a person must decide."""
    from ops.adopt import command

    raise typer.Exit(command.run(stack, config_file, choose or [], format.value, apply=apply))


@app.command()
def preview(stack: Stack = "prod") -> None:
    """Preview on a local state with throw-away credentials; without the engine, plan offline."""
    from ops.deploy import command as operations

    raise typer.Exit(operations.preview(stack))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def up(
    context: typer.Context,
    stack: Stack = "prod",
    make_empty: Annotated[
        list[str] | None,
        typer.Option(help="NAME of what held data and is gone, and may come back empty."),
    ] = None,
) -> None:
    """Run `pulumi up --refresh` for real, then seal; refuses throw-away credentials."""
    from ops.deploy import command as operations

    raise typer.Exit(operations.change("up", stack, context.args, make_empty or []))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def refresh(context: typer.Context, stack: Stack = "prod") -> None:
    """Run `pulumi refresh` for real; refuses throw-away credentials."""
    from ops.deploy import command as operations

    raise typer.Exit(operations.change("refresh", stack, context.args))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def destroy(context: typer.Context, stack: Stack) -> None:
    """Run `pulumi destroy` for real; refuses throw-away credentials; what is protected stays."""
    from ops.deploy import command as operations

    raise typer.Exit(operations.change("destroy", stack, context.args))


app.command()(inventory)
app.command()(order)
app.command()(gone)
app.command()(recover)
app.command()(verify)
app.add_typer(state, name="state")


def main() -> None:
    """Run a command; what its user can mend is one message and exit code 1."""
    # A command reads, prints and ends. Looking for garbage among what the SDK's import leaves
    # would cost a third of its time, while it runs and once more when it ends.
    gc.disable()
    try:
        app()
    except UsageError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        if not error.filename:  # not a file that somebody named, or may not read or write
            raise
        typer.echo(f"error: {error.filename}: {error.strerror}", err=True)
        sys.exit(1)
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
