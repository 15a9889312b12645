"""The user data of the KROTrust droplet, and its scripts run for real.

Real here: Bash, git, the files as cloud-init would write them; all else is one stub that notes its
calls. So nothing here shows that Compose builds, Let's Encrypt issues or Ubuntu has a package.
"""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from components import cloud_init
from components.cloud_init import MAX_BYTES, REPOSITORIES, Host, user_data

HOST = Host(
    certificate_name="krotrust.com",
    hosts=("api.krotrust.com", "app.krotrust.com", "admin.krotrust.com", "app2.krotrust.com"),
    health_url="https://api.krotrust.com/health",
    email="operations@krotrust.com",
    git_base_url="git@github.com:krotrust",
    compose_folder="production",
    database_ca_file="kro-prod-db-cluster-ca-certificate.crt",
    ca_command="pulumi stack output --stack prod krotrustDatabaseCa",
)
SOURCES = Path(cloud_init.__file__).parent
STUB = """#!/bin/bash
printf '%s\\n' "${0##*/} $*" >>"$PLAY/calls"
case ${0##*/}:$* in
  docker:ps*) cat "$PLAY/on-port-80" 2>/dev/null || true ;;
  docker:compose*) [[ ! -e $PLAY/compose-fails ]] && [[ $PWD == */kro-devops/production ]] ;;
  certbot:*)
    live=$LETSENCRYPT/live/krotrust.com
    [[ ! -e $PLAY/certbot-fails ]] && mkdir -p "$live" && touch "$live/fullchain.pem"
    ;;
  curl:*169.254.169.254*) printf 203.0.113.7 ;;
  curl:*) [[ ! -e $PLAY/unhealthy ]] ;;
  ssh:* | ssh-add:*) exit 1 ;;
esac
"""


def call(*command: str | Path, env: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    code, shown = call("git", "-C", folder, *settings, *arguments)
    assert code == 0, shown
    return shown.strip()


def written_files(text: str) -> dict[str, dict[str, str]]:
    return {file["path"]: file for file in yaml.safe_load(text)["write_files"]}


class Droplet:
    """A host after its first boot and the copying of the two files, beside the four remotes."""

    def __init__(self, folder: Path, git_base_url: str = "") -> None:
        self.play, self.home, self.root = folder / "play", folder / "Kro", folder / "root"
        self.remotes, self.compose = folder / "remotes", self.home / "kro-devops" / "production"
        stubs = folder / "stubs"
        for made in (self.play, self.remotes, stubs):
            made.mkdir()
        (self.play / "calls").touch()
        (folder / ".gitconfig").write_text("[user]\nname = t\nemail = t@t\n")
        for command in ("docker", "certbot", "curl", "ssh", "ssh-add", "cloud-init"):
            (stubs / command).write_text(STUB)
            (stubs / command).chmod(0o755)
        host = replace(HOST, git_base_url=git_base_url or str(self.remotes))
        for path, file in written_files(user_data(host)).items():
            target = self.root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file["content"])
            target.chmod(int(file["permissions"], 8))
        self.environment = {
            "PATH": f"{stubs}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PLAY": str(self.play),
            "KRO_ENV_FILE": str(self.root / "etc/kro/kro.env"),
            "KRO_HOME": str(self.home),
            "LETSENCRYPT": str(self.root / "etc/letsencrypt"),
            "KRO_HEALTH_TRIES": "2",
            "KRO_HEALTH_PAUSE": "0",
        }
        for name in REPOSITORIES:
            git(self.remotes, "init", "-q", "-b", "main", f"{name}.git")
            self.push(name, "README", "one")
        self.compose.mkdir(parents=True)
        (self.compose / "production.json").write_text("{}")
        (self.compose / HOST.database_ca_file).write_text("CA")

    def push(self, name: str, file: str, content: str) -> None:
        (self.remotes / f"{name}.git" / file).write_text(content)
        git(self.remotes / f"{name}.git", "add", ".")
        git(self.remotes / f"{name}.git", "commit", "-q", "-m", content)

    def start(self, *arguments: str, code: int = 0) -> str:
        got, shown = call(self.root / "usr/local/sbin/kro-start", *arguments, env=self.environment)
        assert got == code, shown
        return shown

    def hook(self, moment: str) -> None:
        path = self.root / "etc/letsencrypt/renewal-hooks" / moment / "kro-nginx"
        assert call(path, env=self.environment) == (0, "")

    def calls(self, command: str) -> list[str]:
        lines = (self.play / "calls").read_text().splitlines()
        return [line for line in lines if line.startswith(command)]


@pytest.fixture
def droplet(tmp_path: Path) -> Droplet:
    return Droplet(tmp_path)


def test_user_data_is_cloud_config_that_yaml_reads() -> None:
    text = user_data(HOST)
    assert text.startswith("#cloud-config\n")
    files = written_files(text)
    for path, _, name in cloud_init.INSTALLED:
        assert files[path]["content"] == (SOURCES / name).read_text()


@pytest.mark.skipif(not shutil.which("cloud-init"), reason="cloud-init is not installed")
def test_cloud_init_accepts_it(tmp_path: Path) -> None:
    config = tmp_path / "user-data"
    config.write_text(user_data(HOST))
    code, shown = call("cloud-init", "schema", "--config-file", config)
    assert code == 0, shown


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    assert call("shellcheck", *sorted(SOURCES.glob("*.sh"))) == (0, "")


def test_same_values_give_the_same_bytes_within_the_limit() -> None:
    assert user_data(HOST) == user_data(replace(HOST))
    assert len(user_data(HOST).encode()) < MAX_BYTES
    with pytest.raises(ValueError, match=f"DigitalOcean accepts {MAX_BYTES}"):
        user_data(replace(HOST, ca_command="x" * MAX_BYTES))


def test_nothing_in_it_looks_like_a_secret() -> None:
    name = r"(?i)(secret|password|passwd|token|api_?key|private.?key)"
    assert not re.search(name + r"\w*\s*[=:]|BEGIN .*KEY|[A-Za-z0-9+]{40}", user_data(HOST))


def test_every_unusable_value_is_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"hosts \(\(\)\).*email \('a\\nb'\)"):
        user_data(replace(HOST, hosts=(), email="a\nb"))


def test_any_printable_value_reaches_bash_unchanged(tmp_path: Path) -> None:
    odd = """it's "$HOME" `id` \\ # & é !"""
    fields = ("health_url", "email", "ca_command", "git_base_url")
    values = {field: f"{field} {odd}" for field in fields}
    env_file = tmp_path / "kro.env"
    files = written_files(user_data(replace(HOST, hosts=(odd, "b c"), **values)))
    env_file.write_text(files[cloud_init.ENV_PATH]["content"])
    names = ("hosts[@]", *fields, "home", "compose_path")
    show = '. "$1"; printf "%s\\n" ' + " ".join(f'"${{KRO_{name.upper()}}}"' for name in names)
    _, shown = call("bash", "-c", show, "-", env_file, env={"PATH": os.environ["PATH"]})
    expected = [odd, "b c", *values.values(), "/root/Kro", "kro-devops/production"]
    assert shown.splitlines() == expected


def test_a_fresh_host_comes_up_and_a_second_run_changes_nothing(droplet: Droplet) -> None:
    droplet.start()
    shown = droplet.start()
    for name in REPOSITORIES:
        assert (droplet.home / name / "README").read_text() == "one"
        assert f"repository: {name} at " in shown
        assert git(droplet.home / name, "rev-parse", "--abbrev-ref", "HEAD@{u}") == "origin/main"
    assert (droplet.compose / "production.json").stat().st_mode & 0o777 == 0o600
    domains = " ".join(f"--domain {host}" for host in HOST.hosts)
    (certbot,) = droplet.calls("certbot")  # the second run found the certificate
    assert certbot.endswith(f"--email {HOST.email} --cert-name krotrust.com {domains}")
    assert droplet.calls("docker compose") == ["docker compose up --build -d"] * 2
    assert shown.endswith(f"healthy: {HOST.health_url}\n")


def test_a_run_brings_what_was_pushed_and_keeps_other_changes(droplet: Droplet) -> None:
    droplet.start()
    droplet.push("kro-backend", "new", "two")
    clone = droplet.home / "kro-backend"
    (clone / "README").write_text("by hand")
    assert droplet.start().count("local changes kept") == 1
    assert (clone / "new").read_text() == "two"
    assert (clone / "README").read_text() == "by hand"


@pytest.mark.parametrize("committed", [False, True], ids=["changed", "committed"])
def test_local_work_in_the_way_is_kept(droplet: Droplet, committed: bool) -> None:
    droplet.start()
    (droplet.play / "calls").write_text("")
    droplet.push("kro-admin", "README", "two")
    clone = droplet.home / "kro-admin"
    (clone / "README").write_text("by hand")
    if committed:
        git(clone, "commit", "-q", "-a", "-m", "by hand")
    assert "kro-admin: its local changes are kept" in droplet.start(code=1)
    assert (clone / "README").read_text() == "by hand"
    assert not droplet.calls("docker")


def test_a_file_that_the_first_checkout_would_overwrite_is_kept(droplet: Droplet) -> None:
    readme = droplet.home / "kro-devops" / "README"
    readme.write_text("by hand")
    for _ in range(2):
        assert "nothing was overwritten" in droplet.start(code=1)
        assert readme.read_text() == "by hand"
    readme.unlink()
    droplet.start()


def test_a_clone_of_something_else_is_left_alone(droplet: Droplet) -> None:
    git(droplet.remotes, "clone", "-q", "kro-admin.git", str(droplet.home / "kro-backend"))
    shown = droplet.start(code=1)
    assert f"remote set-url origin {droplet.remotes}/kro-backend.git" in shown


def test_missing_files_are_all_named_with_the_command_that_brings_them(droplet: Droplet) -> None:
    shutil.rmtree(droplet.home)
    shown = droplet.start(code=2)
    for name in ("production.json", HOST.database_ca_file):
        assert f"missing: {droplet.compose / name}" in shown
        assert f"scp {name} root@203.0.113.7:{droplet.compose}/" in shown
    assert f"{HOST.ca_command} > {HOST.database_ca_file}" in shown
    assert droplet.calls("docker") == droplet.calls("certbot") == []


def test_an_empty_file_or_a_folder_of_that_name_counts_as_missing(droplet: Droplet) -> None:
    (droplet.compose / HOST.database_ca_file).write_text("")
    (droplet.compose / "production.json").unlink()
    (droplet.compose / "production.json").mkdir()
    shown = droplet.start(code=2)
    assert shown.count("missing: ") == 2
    assert f"rmdir {droplet.compose}/production.json" in shown


FAILURES = {
    "certbot-fails": "no certificate",
    "compose-fails": "docker compose failed",
    "unhealthy": "not healthy after 2 tries",
}


@pytest.mark.parametrize("broken", FAILURES)
def test_a_failing_step_says_what_to_do(droplet: Droplet, broken: str) -> None:
    (droplet.play / broken).touch()
    shown = droplet.start(code=1)
    assert FAILURES[broken] in shown
    started = broken != "certbot-fails"
    assert (f"cd {droplet.compose} && docker compose logs" in shown) == started
    assert bool(droplet.calls("docker compose")) == started
    (droplet.play / broken).unlink()
    droplet.start()


def test_without_a_forwarded_key_it_names_the_cure(tmp_path: Path) -> None:
    shown = Droplet(tmp_path, git_base_url="git@github.com:krotrust").start(code=1)
    assert "no SSH key" in shown
    assert "ssh -A root@203.0.113.7 kro-start" in shown


def test_a_first_boot_that_installed_nothing_is_named(droplet: Droplet) -> None:
    droplet.environment["PATH"] = str(droplet.play)
    assert "not installed: git docker certbot curl" in droplet.start(code=1)


def test_help_and_wrong_usage_start_nothing(droplet: Droplet) -> None:
    assert droplet.start("--help").startswith("Usage: ssh -A root@HOST kro-start")
    droplet.start("--now", code=os.EX_USAGE)
    assert droplet.calls("") == []


def test_docker_compose_with_a_dash_is_docker_compose(droplet: Droplet) -> None:
    call(droplet.root / "usr/local/bin/docker-compose", "ps", "a b", env=droplet.environment)
    assert droplet.calls("docker") == ["docker compose ps a b"]


def test_renewal_restarts_what_holds_port_80_and_only_that(droplet: Droplet) -> None:
    droplet.hook("pre")  # Compose has not run yet
    droplet.hook("post")
    assert droplet.calls("docker") == ["docker ps --quiet --filter publish=80"]
    (droplet.play / "on-port-80").write_text("n9inx\n")
    droplet.hook("pre")
    assert droplet.calls("docker")[-1] == "docker stop n9inx"
    droplet.hook("post")
    droplet.hook("post")  # finds nothing left to start
    assert droplet.calls("docker start") == ["docker start n9inx"]
