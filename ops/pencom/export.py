"""The inventory as files of each format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ops.cli.errors import UsageError
from ops.pencom import ansible, env, firewall, pm2, prometheus, ssh
from ops.pencom.inventory import Inventory

FORMATS: Mapping[str, Callable[[Inventory], dict[str, str]]] = {
    "ansible": ansible.files,
    "env": env.files,
    "firewall": firewall.files,
    "pm2": pm2.files,
    "prometheus": prometheus.files,
    "ssh": ssh.files,
}


def texts(inventory: Inventory, form: str) -> dict[str, str]:
    """Return texts by file name. The first line of each says which command wrote it.

    Raises UsageError if the inventory lacks what the format needs.
    """
    command = f"python -m ops inventory --stack {inventory.stack} --format {form}"
    warning = "" if form == "env" else "; do not edit"
    header = f"{'//' if form == 'pm2' else '#'} Written by `{command}`{warning}.\n"
    return {name: header + text for name, text in FORMATS[form](inventory).items()}


def write(files: Mapping[str, str], folder: Path, *, private: bool) -> list[Path]:
    """Write texts into a folder and return the paths. `private` files may hold secrets.

    Raises UsageError if a file cannot be written or, before anything is written, if a private
    file exists with another text.
    """
    targets = {folder / name: text for name, text in files.items()}
    filled = [
        str(file)
        for file, text in targets.items()
        if private and file.exists() and file.read_text(errors="replace") != text
    ]
    if filled:
        raise UsageError(
            f"{', '.join(filled)} would be overwritten, and may hold secrets; nothing was written."
            "\n  Move it away, choose another --output, or compare it with the inventory: --check"
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
