"""Which secrets are available, and whether plain or sealed; never their values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from components.facts.secrets import CATALOGUE, SEAL_KEY, Secret
from ops.cli.findings import Finding, Part
from ops.deploy import seal
from ops.recovery.checks.subject import Plan, Subject
from ops.recovery.kinds import LossKind
from stacks import secrets

SECRETS = Part("secrets")
# By system, the kinds of loss that need its secrets outside of the program.
ELSEWHERE: Mapping[str, tuple[LossKind, ...]] = {
    "krotrust": ("droplet", "region", "secret"),
    "krogiving": ("app", "region", "secret"),
    "pencom": ("host", "store", "secret"),
}


def declared(subject: Subject) -> Iterator[Finding]:
    """Check each secret that an `up` sends: a replaced app needs it plain, else a seal is enough.

    An encrypted entry of the stack file counts as plain: the passphrase opens it.
    """
    replaced = subject.includes("app", "region")
    for secret in (each for each in CATALOGUE if each.declared):
        forms = {plan.stack: _form(secret, plan, subject) for plan in subject.plans}
        lacking = {
            stack: form or "missing"
            for stack, form in forms.items()
            if not form or (form == "sealed" and replaced)
        }
        if not lacking:
            yield SECRETS.ok(secret.key, ", ".join(dict.fromkeys(map(str, forms.values()))))
            continue
        detail = ", ".join(f"{form} for {stack}" for stack, form in lacking.items())
        if "sealed" in lacking.values():
            detail += ": a replaced app cannot open a seal"
        commands = [f"pulumi config set --stack {stack} --secret {secret.key}" for stack in lacking]
        repair = f"ask {secret.ask}; then {' and '.join(commands)}"
        if secret.key == SEAL_KEY:
            repair = f'{commands[0]} "$(openssl rand -hex 32)"'
        yield SECRETS.bad(secret.key, detail, repair)


def _form(secret: Secret, plan: Plan, subject: Subject) -> str | None:
    """Return the form in which a stack has a secret: plain, encrypted, sealed or None."""
    prefix = f"{plan.settings.project}:"
    entries = {key.removeprefix(prefix): each for key, each in plan.settings.values.items()}
    if source := secrets.find(entries, subject.environ)[secret.key].source:
        return f"plain, {source}" if source == "environment" else f"encrypted, {plan.file}"
    return "sealed" if secret.key in plan.settings.seals() else None


def elsewhere(subject: Subject) -> Iterator[Finding]:
    """Report where the secrets are that the program never reads, and their contact."""
    places: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for secret in CATALOGUE:
        if not secret.declared and subject.includes(*ELSEWHERE[secret.system]):
            places[secret.system, secret.lives, secret.ask].append(secret.name)
    for (system, place, contact), names in places.items():
        listed = names[0] if len(names) == 1 else f"{len(names)} secrets ({', '.join(names)})"
        detail = f"not readable from here; place: {place}"
        yield SECRETS.not_checked(f"{system}: {listed}", detail, f"ask {contact}")


def stored(subject: Subject) -> Iterator[Finding]:
    """Check that the stack file has the seals of the last `up`."""
    plan = subject.plan
    if late := seal.unstored(plan.stack, subject.config_file, subject.environ):
        detail = (
            f"{plan.file} lacks seals of the last `up`: {', '.join(late)}; the next one refuses"
        )
        repair = f"python -m ops seal --stack {plan.stack}, and commit {plan.file}"
        yield SECRETS.bad("seals", detail, repair)
    else:
        yield SECRETS.ok("seals", f"{plan.file} has the seals of the last `up`")
