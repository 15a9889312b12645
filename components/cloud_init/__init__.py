"""User data of the KROTrust droplet: the set-up of a new host, and `kro-start`.

Source: the handover's first-time setup of a droplet. First boot does the part that needs no
credential; for the rest, a person who may read the repositories and has the two files runs
`ssh -A root@HOST kro-start`. The scripts are real files beside this module and have no values:
these are in `/etc/kro/kro.env`.

cloud-init reads user data on the first boot only: a change reaches a host that exists by
replacing the host, or by hand.
"""

import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from textwrap import indent

from components.facts.krotrust import COMPOSE_REPOSITORY, HOME
from components.facts.krotrust import REPOSITORIES as REPOSITORIES

CONFIG_FILE = "production.json"

ENV_PATH = "/etc/kro/kro.env"
MAX_BYTES = 64 * 1024  # DigitalOcean's limit

PACKAGES = (
    "ca-certificates",
    "certbot",
    "curl",
    "docker-buildx",
    "docker-compose-v2",
    "docker.io",
    "git",
    "unattended-upgrades",
)

# (path on the host, permissions, file beside this module)
INSTALLED = (
    ("/usr/local/sbin/kro-start", "0755", "kro-start.sh"),
    ("/usr/local/bin/docker-compose", "0755", "docker-compose.sh"),
    ("/etc/letsencrypt/renewal-hooks/pre/kro-nginx", "0755", "certbot-pre.sh"),
    ("/etc/letsencrypt/renewal-hooks/post/kro-nginx", "0755", "certbot-post.sh"),
    ("/etc/apt/apt.conf.d/90kro-upgrades", "0644", "apt-upgrades.conf"),
)

# Creates the compose folder, so that the two files can be copied before the first kro-start.
RUN = (
    "systemctl enable --now docker",
    f'. {ENV_PATH} && mkdir -p "$KRO_HOME/$KRO_COMPOSE_PATH"',
)


@dataclass(frozen=True)
class Host:
    """Values that differ between KROTrust hosts; none is secret.

    Every value is one line of printable text and not empty; `user_data` refuses others.
    """

    certificate_name: str  # krotrust.com, for /etc/letsencrypt/live/krotrust.com/
    hosts: tuple[str, ...]  # api.krotrust.com and the other names on the certificate
    health_url: str  # https://api.krotrust.com/health
    email: str  # of the Let's Encrypt account
    git_base_url: str  # git@github.com:krotrust, for <git_base_url>/kro-backend.git
    compose_folder: str  # production, in kro-devops
    database_ca_file: str  # kro-prod-db-cluster-ca-certificate.crt
    ca_command: str  # prints the database's CA on a team member's machine


def user_data(host: Host) -> str:
    """Return the cloud-config of `host`: the same bytes for the same values.

    Raises ValueError that names every value that is empty or not one printable line, or if the
    whole is longer than DigitalOcean's limit.
    """
    _check(host)
    # Formatted here, not by a YAML library, whose next version may format in another way: a
    # changed byte is a change of the droplet.
    files = [_file(ENV_PATH, "0644", _environment(host))]
    files += [_file(path, mode, _beside(name)) for path, mode, name in INSTALLED]
    text = "\n".join(
        (
            "#cloud-config",
            "# Any process on the host can read this: no secret belongs here.",
            "package_update: true",
            "packages:",
            *(f"  - {package}" for package in PACKAGES),
            "write_files:",
            *files,
            "runcmd:",
            *(f"  - |\n{indent(command, ' ' * 4)}" for command in RUN),
            "",
        )
    )
    size = len(text.encode())
    if size > MAX_BYTES:
        raise ValueError(f"user data has {size} bytes; DigitalOcean accepts {MAX_BYTES}")
    return text


def _check(host: Host) -> None:
    wrong = []
    for field in fields(host):
        value = getattr(host, field.name)
        lines = value if isinstance(value, tuple) else (value,)
        # A line break or a control character would change meaning on its way through YAML.
        if not lines or not all(line and line.isprintable() for line in lines):
            wrong.append(f"{field.name} ({value!r})")
    if wrong:
        raise ValueError("must be one printable line, not empty: " + ", ".join(wrong))


def _environment(host: Host) -> str:
    """Return kro.env: Bash assignments that `kro-start` sources."""
    values: dict[str, str | tuple[str, ...]] = {
        "KRO_REPOSITORIES": REPOSITORIES,
        "KRO_COMPOSE_PATH": f"{COMPOSE_REPOSITORY}/{host.compose_folder}",
        "KRO_CONFIG_FILE": CONFIG_FILE,
        "KRO_DATABASE_CA_FILE": host.database_ca_file,
        "KRO_CA_COMMAND": host.ca_command,
        "KRO_GIT_BASE_URL": host.git_base_url,
        "KRO_CERTIFICATE_NAME": host.certificate_name,
        "KRO_HOSTS": host.hosts,
        "KRO_EMAIL": host.email,
        "KRO_HEALTH_URL": host.health_url,
    }
    return "".join(
        (
            "# Written on first boot from the Pulumi settings, for kro-start.\n",
            f"KRO_HOME=${{KRO_HOME:-{HOME}}}\n",
            *(f"{name}={_quoted(value)}\n" for name, value in values.items()),
        )
    )


def _quoted(value: str | tuple[str, ...]) -> str:
    return f"({shlex.join(value)})" if isinstance(value, tuple) else shlex.quote(value)


def _file(path: str, permissions: str, content: str) -> str:
    block = indent(content, " " * 6).rstrip("\n")
    return f'  - path: {path}\n    permissions: "{permissions}"\n    content: |\n{block}'


def _beside(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
