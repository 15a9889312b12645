"""One step of a recovery, and those that many recoveries share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

By = Literal["here", "person"]
ASKS = ("python -m ops up ", "python -m ops mend ", "pulumi up ")  # before they change anything


@dataclass(frozen=True)
class Step:
    """What to do: `command` is typed in the project's folder, and `check` proves that it worked.

    `by` a person is what no rehearsal can do: on a host of ours, or with what is in nobody's code.
    `codes` are the exit codes of a command that found what was to be found. `later` is not done
    before somebody decides it. `seconds` is how long DigitalOcean takes, by the rehearsal's table.
    """

    title: str
    command: str = ""
    check: str = ""
    by: By = "here"
    codes: tuple[int, ...] = (0,)
    later: bool = False
    seconds: float = 0

    @property
    def asks(self) -> bool:
        """Whether the command shows what it will do and asks; `--yes` answers it."""
        return self.command.startswith(ASKS)

    def as_json(self) -> dict[str, Any]:
        """Give the published form."""
        return {**asdict(self), "codes": list(self.codes), "asks": self.asks}


def look(stack: str) -> Step:
    """See what is gone, before anything writes."""
    return Step(
        "see what is gone: it should name what you miss and nothing else. Ask about anything else"
        " before you go on",
        f"python -m ops drift --stack {stack}",
        codes=(0, 2),
    )


def up(stack: str, what: str, seconds: float = 0, empty: str = "") -> Step:
    """Let the engine do it, and see that it then has nothing left to do.

    `empty` is what held data, is gone and comes back empty: without that word an `up` refuses.
    """
    return Step(
        f"{what}. It shows what it will do and asks: say yes to nothing that you did not expect",
        f"python -m ops up --stack {stack}" + (f" --make-empty {empty}" if empty else ""),
        f"python -m ops drift --stack {stack}",
        seconds=seconds,
    )


def verify(stack: str) -> Step:
    """See that the estate answers."""
    return Step(
        "see that names, certificates, health, trusted sources and backups are right again. Names"
        " and certificates may need minutes: then run it once more",
        f"python -m ops verify --stack {stack}",
    )


def config(stack: str, path: str, value: str, title: str, *, later: bool = False) -> Step:
    """Change a setting in the stack file."""
    command = f"pulumi config set --stack {stack} --path 'estate:{path}' {value}"
    return Step(title, command, later=later)


def unset(stack: str, path: str, title: str, *, later: bool = False) -> Step:
    """Take a setting out of the stack file."""
    return Step(title, f"pulumi config rm --stack {stack} --path 'estate:{path}'", later=later)


def commit(*stacks: str, later: bool = False) -> Step:
    """Keep what a recovery changed in the stack files, and what is written from them."""
    files = " ".join(f"Pulumi.{stack}.yaml" for stack in stacks)
    return Step(
        "commit what was changed, and push it: whoever deploys next needs it",
        f"python -m ops render && git add {files} rendered docs/runbook"
        f" && git commit -m 'Recover {stacks[0]}'",
        "python -m ops render --check",
        codes=(0, 1),  # 1 where nothing has changed
        later=later,
    )
