"""Which secrets are at hand, and in which form: a rebuilt app cannot open a seal. Never a value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from components.facts.secrets import CATALOGUE, SEAL_KEY, Secret
from ops.cli.findings import Finding
from ops.deploy import seal
from ops.recovery.checks.subject import Plan, Subject
from ops.recovery.kinds import LossKind
from stacks import secrets

# What of a system's secrets no resource carries is needed when one of these is lost.
ELSEWHERE: Mapping[str, tuple[LossKind, ...]] = {
    "krotrust": ("droplet", "region", "secret"),
    "krogiving": ("app", "region", "secret"),
    "pencom": ("host", "store", "secret"),
}


def declared(subject: Subject) -> Iterator[Finding]:
    """Look for each secret that an `up` sends: plain where an app is rebuilt, else at least sealed.

    An entry that is encrypted in the stack file counts as plain: the passphrase opens it.
    """
    rebuilt = subject.matters("app", "region")
    for secret in (each for each in CATALOGUE if each.declared):
        forms = {plan.stack: _form(secret, plan, subject) for plan in subject.plans}
        lacking = {
            stack: form or "not at hand"
            for stack, form in forms.items()
            if not form or (form == "sealed" and rebuilt)
        }
        if not lacking:
            told = ", ".join(dict.fromkeys(str(form) for form in forms.values()))
            yield Finding("secrets", secret.key, "ok", told)
            continue
        told = ", ".join(f"{form} for {stack}" for stack, form in lacking.items())
        if "sealed" in lacking.values():
            told += ": a rebuilt app cannot open that"
        commands = [f"pulumi config set --stack {stack} --secret {secret.key}" for stack in lacking]
        mend = f"ask {secret.ask}; then {' and '.join(commands)}"
        if secret.key == SEAL_KEY:
            mend = f'{commands[0]} "$(openssl rand -hex 32)"'
        yield Finding("secrets", secret.key, "bad", told, mend)


def _form(secret: Secret, plan: Plan, subject: Subject) -> str | None:
    """Say in which form a secret is at hand for a stack, if in any."""
    prefix = f"{plan.settings.project}:"
    entries = {key.removeprefix(prefix): each for key, each in plan.settings.values.items()}
    if found := secrets.find(entries, subject.environ)[secret.key].source:
        return f"plain, {found}" if found == "environment" else f"encrypted, {plan.file}"
    return "sealed" if secret.key in plan.settings.seals() else None


def elsewhere(subject: Subject) -> Iterator[Finding]:
    """Say where the secrets live that the program never sees, and whom to ask."""
    places: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for secret in CATALOGUE:
        if not secret.declared and subject.matters(*ELSEWHERE[secret.system]):
            places[secret.system, secret.lives, secret.ask].append(secret.name)
    for (system, lives, ask), names in places.items():
        told = f"cannot be seen from here; lives: {lives}"
        what = names[0] if len(names) == 1 else f"{len(names)} secrets ({', '.join(names)})"
        yield Finding("secrets", f"{system}: {what}", "not checked", told, f"ask {ask}")


def stored(subject: Subject) -> Iterator[Finding]:
    """Look whether the stack file holds what the last `up` sealed."""
    plan = subject.plan
    mend = f"python -m ops seal --stack {plan.stack}, and commit {plan.file}"
    if late := seal.unstored(plan.stack, subject.config_file, subject.environ):
        told = f"{plan.file} does not hold what the last `up` sealed: {', '.join(late)}"
        yield Finding("secrets", "seals", "bad", f"{told}; the next one refuses", mend)
    else:
        yield Finding("secrets", "seals", "ok", f"{plan.file} holds what the last `up` sealed")
