"""What the README once named goes on working: commands, and options with their values."""

from __future__ import annotations

from typing import Any

import pytest
from typer.main import get_command

from ops.__main__ import app
from rehearsal.__main__ import app as rehearsal

OPS = """
plan --stack prod --format tree
plan --stack prod --format yaml
plan --stack prod --format json
plan --stack prod --format mermaid
plan --stack prod --diff --exit-code
blast krotrust-droplet
blast SendGrid --format mermaid
graph --stack prod --output estate.html
graph --format svg
review --stack prod --base REV
review --preview FILE
policy --stack prod
render
render --check
secrets --stack prod
drift --stack prod --format json
adopt --stack prod --choose krotrust-firewall=ID --choose other=none --apply
verify --stack prod --nameserver ns1.digitalocean.com
mend --stack prod
gone --stack prod
state --check --stack prod
state bootstrap
inventory --stack prod --format ansible --output FOLDER --from-state
inventory --format pm2
inventory --format prometheus
inventory --format ssh
inventory --format firewall
inventory --format env --check core.env
recover krotrust-droplet --stack prod --at 2026-01-31T02:00:00Z --format md
recover --format json
recover --check --stack prod
order start --run --yes
order stop audit
seal --stack prod
preview --stack stage
up --stack prod --refresh=false
up --stack prod --make-empty NAME
up --stack prod --plan plan.json --yes --non-interactive
refresh --stack prod
destroy --stack prod
""".strip().splitlines()
REHEARSAL = """
up --stack stage --speed 0
api --cloud FILE
network --cloud FILE
recover krotrust-droplet
env
""".strip().splitlines()


def _parse(application: Any, words: list[str]) -> None:
    """Hand words to the command's own parser. Fails for what there is not."""
    command: Any = get_command(application)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    assert not words or command.name, words
    command.make_context(command.name, words)


@pytest.mark.parametrize("typed", OPS)
def test_a_command_of_the_readme_is_understood(typed: str) -> None:
    assert typed.split()[0] in get_command(app).commands  # type: ignore[attr-defined]
    _parse(app, typed.split())


@pytest.mark.parametrize("typed", REHEARSAL)
def test_a_rehearsal_of_the_readme_is_understood(typed: str) -> None:
    _parse(rehearsal, typed.split())
