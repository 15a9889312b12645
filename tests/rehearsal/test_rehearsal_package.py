"""The table against the installed SDK, and the environment that selects the stand-in."""

import json
import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import rehearsal
from rehearsal.table import TABLE

# The SDK announces its own deprecated types when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("kind", sorted(TABLE))
def test_every_row_of_the_table_names_inputs_and_outputs_of_the_sdk(kind: str) -> None:
    from rehearsal.sdk import resource_type

    known = resource_type(kind)
    row = TABLE[kind]
    assert {*row.replaces.split()} <= known.inputs
    assert row.outputs.keys() <= known.outputs.keys()
    assert {path.partition(".")[0] for path in (*row.parents, *row.unread.split())} <= known.inputs
    for parent in " ".join(row.parents.values()).split():
        name, _, output = parent.partition(".")
        assert not output or output in resource_type(name).outputs


def test_every_type_of_the_sdk_can_be_described() -> None:
    import pulumi
    import pulumi_digitalocean as sdk

    from rehearsal.sdk import resource_type

    names = [
        name
        for name, each in vars(sdk).items()
        if isinstance(each, type) and issubclass(each, pulumi.CustomResource) and name != "Provider"
    ]
    assert len(names) > 80
    for name in names:
        assert resource_type(name).outputs, name


def test_the_environment_needs_no_sdk_and_quotes_for_a_shell(tmp_path: Path) -> None:
    odd = tmp_path / "it's a cloud.json"
    code = "import sys, rehearsal; rehearsal.environment(); sys.exit('pulumi' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=rehearsal.ROOT, check=True)
    command = [sys.executable, "-m", "rehearsal", "env", "--cloud", str(odd)]
    shell = subprocess.run(command, cwd=rehearsal.ROOT, check=True, capture_output=True, text=True)
    assert shell.stdout.startswith("# ")
    assert "it's a cloud.json" in shell.stdout.splitlines()[0]
    echo = f'{shell.stdout}\nprintf %s "$REHEARSAL_CLOUD"'
    printed_by_shell = subprocess.run(
        ["sh", "-c", echo], check=True, capture_output=True, text=True
    )
    assert printed_by_shell.stdout == str(odd)
    assert shlex.quote(str(odd)) in shell.stdout
    plugin = Path(rehearsal.environment()["PATH"].split(os.pathsep)[0])
    assert (plugin / "pulumi-resource-digitalocean").stat().st_mode & stat.S_IXUSR
    printed = subprocess.run(
        [*command, "--format", "json"], cwd=rehearsal.ROOT, check=True, capture_output=True
    )
    variables, expected = json.loads(printed.stdout), rehearsal.environment(odd)
    # The command appends the engine that `make setup` installs.
    assert variables.pop("PATH").startswith(expected.pop("PATH"))
    assert variables == expected


def test_a_rehearsing_shell_has_a_state_of_its_own(tmp_path: Path) -> None:
    # With a real state behind it, a refresh would find every resource missing.
    code = "import os; print(os.environ['PULUMI_BACKEND_URL'])"
    command = [sys.executable, "-m", "rehearsal", "env", "--cloud", str(tmp_path / "cloud.json")]
    real = {**os.environ, "PULUMI_BACKEND_URL": "s3://the-real-state"}
    shell = subprocess.run(
        command, cwd=rehearsal.ROOT, env=real, check=True, capture_output=True, text=True
    )
    script = f"{shell.stdout}\n{shlex.quote(sys.executable)} -c {shlex.quote(code)}"
    printed_by_shell = subprocess.run(
        ["sh", "-c", script], env=real, check=True, capture_output=True, text=True
    )
    assert printed_by_shell.stdout.strip() == (tmp_path / "state").as_uri()
    assert (tmp_path / "state").is_dir()


def test_no_real_credential_of_the_shell_reaches_a_rehearsal() -> None:
    names = (
        *("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"),
        *("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY", "PULUMI_BACKEND_URL"),
    )
    shell = dict.fromkeys(names, "real") | rehearsal.environment()
    assert "real" not in shell.values()
