"""The stacks of the project: modules in `stacks/` with an ENVIRONMENT, each with its stack file.

This is the only list of stacks. It imports no third-party package, so that a workflow can print it
before anything is installed.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from stacks.environment import Environment

ROOT = Path(__file__).parent.parent
RECIPE = "CONTRIBUTING.md, Add a stack"


def stack_file(stack: str) -> Path:
    """Return the path of a stack's file in the project, whether or not it exists."""
    return ROOT / f"Pulumi.{stack}.yaml"


@cache
def environments() -> dict[str, Environment]:
    """Return the environment of every stack, by the stack's name, in alphabetical order."""
    names = sorted(module.name for module in iter_modules([str(Path(__file__).parent)]))
    modules = {
        name: import_module(f"stacks.{name}") for name in names if stack_file(name).is_file()
    }
    declared = {name: getattr(module, "ENVIRONMENT", None) for name, module in modules.items()}
    return {name: each for name, each in declared.items() if isinstance(each, Environment)}


def missing(stack: str) -> list[str]:
    """Return what keeps a name from being a stack; an empty list for a stack."""
    if stack in environments():
        return []
    lacks = []
    if not stack_file(stack).is_file():
        lacks.append(f"there is no {stack_file(stack).name}")
    if not Path(__file__).with_name(f"{stack}.py").is_file():
        lacks.append(f"there is no stacks/{stack}.py")
    return lacks or [f"stacks/{stack}.py has no ENVIRONMENT"]
