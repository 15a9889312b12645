"""One step of a recovery, and the steps that many recoveries share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ops.recovery.case import Case
from ops.recovery.steps.times import chain

By = Literal["here", "person"]
# These ask before they change anything.
ASKS = ("python -m ops up ", "python -m ops repair ", "pulumi up ")


@dataclass(frozen=True)
class Step:
    """One thing to do: `command` runs in the project's folder, `check` proves that it worked.

    A rehearsal cannot do the steps `by` a person: on a host of ours, or with files that are in no
    repository. `codes` are the exit codes of a success. `later` steps wait for a separate
    decision. `seconds` is how long DigitalOcean takes.
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
        """Whether the command shows its changes and asks; `--yes` answers it."""
        return self.command.startswith(ASKS)

    def as_json(self) -> dict[str, Any]:
        """Return the published form."""
        return {**asdict(self), "codes": list(self.codes), "asks": self.asks}


def look(stack: str) -> Step:
    """List the missing resources, before anything is changed."""
    return Step(
        "List the missing resources: they should be the ones that you lost, and no others. Ask"
        " about anything else before you go on",
        f"python -m ops drift --stack {stack}",
        codes=(0, 2),
    )


def up(case: Case, title: str, *created: str, empty: str = "") -> Step:
    """Run an `up`, and check that nothing is left to change.

    `created` are the names of the resources that it takes time to create. `empty` is the one that
    held data and comes back empty: without that option an `up` refuses.
    """
    return Step(
        f"{title}. It shows its changes and asks: agree only to changes that you expect",
        f"python -m ops up --stack {case.stack}" + (f" --make-empty {empty}" if empty else ""),
        f"python -m ops drift --stack {case.stack}",
        seconds=chain(case.graph, created),
    )


def verify(stack: str) -> Step:
    """Check that the estate answers."""
    return Step(
        "Check names, certificates, health, trusted sources and backups. Names and certificates may"
        " need minutes: then run it once more",
        f"python -m ops verify --stack {stack}",
    )


def change(stack: str, path: str, value: str, title: str, *, later: bool = False) -> Step:
    """Set an entry of the stack file."""
    command = f"pulumi config set --stack {stack} --path 'estate:{path}' {value}"
    return Step(title, command, later=later)


def remove(stack: str, path: str, title: str, *, later: bool = False) -> Step:
    """Remove an entry of the stack file."""
    return Step(title, f"pulumi config rm --stack {stack} --path 'estate:{path}'", later=later)


def plain_secrets(stack: str, where: str, more: str = "") -> Step:
    """Provide the plain values of the secrets."""
    return Step(
        f"Provide the plain secrets, as variables or encrypted in {where}{more}",
        f"python -m ops secrets --stack {stack}",
    )


def commit(*stacks: str, later: bool = False) -> Step:
    """Commit the changed stack files and what is rendered from them."""
    files = " ".join(f"Pulumi.{stack}.yaml" for stack in stacks)
    return Step(
        "Commit the changes and push them: the next deployment needs them",
        f"python -m ops render && git add {files} rendered docs/runbook"
        f" && git commit -m 'Recover {stacks[0]}'",
        "python -m ops render --check",
        codes=(0, 1),  # 1 where nothing has changed
        later=later,
    )
