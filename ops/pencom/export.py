"""The command: writes the inventory in a format, or holds a real .env against it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import typer

from ops.cli.errors import UsageError
from ops.pencom import ansible, env, env_check, firewall, inventory, pm2, prometheus, ssh
from ops.pencom.inventory import Estate
from ops.plan import config

FORMATS: Mapping[str, Callable[[Estate], dict[str, str]]] = {
    "ansible": ansible.files,
    "env": env.files,
    "firewall": firewall.files,
    "pm2": pm2.files,
    "prometheus": prometheus.files,
    "ssh": ssh.files,
}


def load(stack: str, config_file: str | None, *, from_state: bool) -> Estate:
    """Read the inventory from the plan or from the state. Raises UsageError where that fails."""
    if from_state:
        return inventory.recorded(stack)
    return inventory.declared(config.load(stack, file=config_file))


def run(found: Estate, form: str, output: str | None) -> None:
    """Write the files of a format into a folder, or print them."""
    files = texts(found, form)
    if output is not None:
        for file in write(files, Path(output), private=form == "env"):
            typer.echo(file)
        return
    for name, text in files.items():
        if len(files) > 1:
            sys.stdout.write(f"{_comment(name)} ---- {name}\n")
        sys.stdout.write(text)


def texts(found: Estate, form: str) -> dict[str, str]:
    """Give the files of a format by name; each says what wrote it."""
    wrote = f"Written by `python -m ops inventory --stack {found.stack} --format {form}`"
    tail = "" if form == "env" else "; do not edit"
    return {
        name: f"{_comment(name)} {wrote}{tail}.\n{text}"
        for name, text in FORMATS[form](found).items()
    }


def write(files: Mapping[str, str], folder: Path, *, private: bool) -> list[Path]:
    """Write files into a folder. Raises UsageError, writing nothing, where a .env would be lost."""
    targets = {folder / name: text for name, text in files.items()}
    filled = [str(file) for file, text in targets.items() if private and _differs(file, text)]
    if filled:
        raise UsageError(
            f"{', '.join(filled)}: there already, and may hold secrets; nothing was written.\n"
            "  Move it away, choose another --output, or hold it against the inventory with --check"
        )
    try:
        for file, text in targets.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            if private:
                file.touch(mode=0o600)
            file.write_text(text)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from error
    return list(targets)


def check(found: Estate, file: Path, service: str | None) -> int:
    """Tell what is wrong with a real .env. Returns 0, or 2 where something is.

    Raises UsageError where the file cannot be read, or where nobody says whose it is.
    """
    name = service or file.name.removesuffix(".env")
    if name not in found.services:
        known = ", ".join(found.services)
        raise UsageError(f"{name!r} is no service: name one with --service; known are {known}")
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UsageError(f"{file} cannot be read: {reason}") from error
    wrong = env_check.findings(found, found.services[name], text)
    for finding in wrong:
        typer.echo(finding)
    typer.echo(f"{file}: {len(wrong)} findings for {name} in {found.stack}")
    return 2 if wrong else 0


def _comment(name: str) -> str:
    return pm2.COMMENT if name.endswith(".js") else "#"


def _differs(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(errors="replace") != text
