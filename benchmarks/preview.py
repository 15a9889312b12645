"""What our own code costs, measured side by side in one run. Prints ratios; judges nothing.

1. `pulumi preview` of prod against a flat program that makes the same resources by bare SDK calls.
2. The offline plan against importing pulumi and pulumi_digitalocean.
3. The offline plan of Pencom with 100 and with 1,000 services, per resource.
4. `ops review` against `ops plan`, and a review of 100 and of 1,000 services that all change.
5. Every export of that inventory with 100 and with 1,000 services, per service.
"""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.flat import source
from components.facts.pencom import INVENTORY
from components.inventory import Host, Inventory, Service
from components.pencom import Pencom, PencomArgs, PencomSettings
from ops import ROOT
from ops.engine import plugin
from ops.pencom import export
from ops.pencom.inventory import from_resources
from ops.plan import config
from ops.plan.graph import Graph, Recorder, build
from ops.review import report
from ops.review.model import review

ROUNDS = 7


def in_turn(*runs: Callable[[], object]) -> list[float]:
    """Run each in turn, several times after a warm-up. Returns each one's median in seconds."""
    times: list[list[float]] = [[] for _ in runs]
    for turn in range(ROUNDS + 1):
        for taken, run in zip(times, runs, strict=True):
            start = time.perf_counter()
            run()
            if turn:
                taken.append(time.perf_counter() - start)
    return [median(taken) for taken in times]


def command(
    arguments: Sequence[str], cwd: Path, environ: Mapping[str, str] | None = None
) -> Callable[[], object]:
    """Give a run of a whole process."""
    return lambda: subprocess.run(
        arguments, cwd=cwd, env=environ or os.environ, stdout=subprocess.DEVNULL, check=True
    )


def preview(folder: Path) -> None:
    """Measure the engine's preview of our program against the flat one."""
    environ, provider = plugin.choose(
        {**os.environ, "PULUMI_CONFIG_PASSPHRASE": "x"}, cloud=folder / "cloud.json"
    )
    environ |= {"PULUMI_BACKEND_URL": folder.as_uri(), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    ours, flat = folder / "ours", folder / "flat"
    for place in (ours, flat):
        place.mkdir()
    shutil.copy(ROOT / "Pulumi.prod.yaml", ours)
    shutil.copy(ROOT / "Pulumi.yaml", ours)
    (flat / "__main__.py").write_text(source(build(config.load("prod"))))
    (flat / "Pulumi.yaml").write_text(
        f"name: flat\nruntime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"
    )
    for place in (ours, flat):
        command(["pulumi", "-C", str(place), "stack", "init", "prod"], folder, environ)()
    run = ["pulumi", "preview", "--non-interactive", "--stack", "prod"]
    ours_run = command([*run, "--config-file", str(ours / "Pulumi.prod.yaml")], ROOT, environ)
    mine, bare = in_turn(ours_run, command(run, flat, environ))
    print(f"pulumi preview of prod, with {provider}")
    print(f"  ours {mine:.2f} s, flat {bare:.2f} s, ratio {mine / bare:.2f}")


def offline() -> None:
    """Measure the offline plan against the imports that it cannot do without."""
    plan = command([sys.executable, "-m", "ops", "plan", "--format", "json"], ROOT)
    imports = command([sys.executable, "-c", "import pulumi, pulumi_digitalocean"], ROOT)
    ours, bare = in_turn(plan, imports)
    print(f"offline plan of prod {ours:.2f} s, imports {bare:.2f} s, ratio {ours / bare:.2f}")


def scaled(services: int) -> Callable[[], Graph]:
    """Give a run of Pencom alone, with as many services as asked for, ten to a host."""
    model = INVENTORY.services["payments"]
    names = [f"service-{number}" for number in range(services)]
    hosts = {
        f"host-{start}": Host("services", "internal", tuple(names[start : start + 10]))
        for start in range(0, services, 10)
    }
    inventory = Inventory(
        hosts={
            **hosts,
            "vps-1": Host("ingress", "internet", ("nginx",)),
            "vps-3": INVENTORY.hosts["vps-3"],
        },
        services={
            name: Service(
                ports={"http": 4000 + number % 10},
                entry_point=model.entry_point,
                stores=model.stores,
                variables=model.variables,
                secrets=model.secrets,
            )
            for number, name in enumerate(names)
        },
        stores={name: INVENTORY.stores[name] for name in ("postgresql", "mongodb", "redis")},
        foreign={},
    )
    settings = PencomSettings.model_validate(
        {
            "processManager": "pm2",
            "sshAllowList": ["10.0.0.0/8"],
            "hosts": {
                name: f"10.0.{number // 256}.{number % 256}"
                for number, name in enumerate(inventory.hosts)
            },
            "foreign": {},
            "storePorts": {"postgresql": 5432, "mongodb": 27017},
        },
        strict=False,
    )

    def run() -> Graph:
        recorder = Recorder(config.load("prod"))
        recorder.run(lambda: Pencom("pencom", PencomArgs(inventory, settings)))
        return recorder.graph()

    return run


def growth() -> None:
    """Measure how the time per resource grows with the number of services."""
    gc.disable()  # as the command does
    small, large = in_turn(scaled(100), scaled(1000))
    print(
        f"Pencom with 100 services {small:.2f} s, with 1,000 {large:.2f} s,"
        f" per resource ratio {large / small / 10:.2f}"
    )


def reviewed() -> None:
    """Measure the review against the plan, and how it grows with the number of changes."""
    commands = [["review"], ["plan", "--format", "json"]]
    runs = [command([sys.executable, "-m", "ops", *each], ROOT) for each in commands]
    ours, plan = in_turn(*runs)
    print(f"offline review of prod {ours:.2f} s, plan {plan:.2f} s, ratio {ours / plan:.2f}")
    small, large = in_turn(all_change(100), all_change(1000))
    print(
        f"review of 100 changed services {small:.3f} s, of 1,000 {large:.3f} s,"
        f" per resource ratio {large / small / 10:.2f}"
    )


def all_change(services: int) -> Callable[[], object]:
    """Give a review in which every service of a Pencom changes."""
    before = scaled(services)()
    changed = (replace(r, inputs={**r.inputs, "port": 1}) for r in before.resources)
    after = replace(before, resources=tuple(changed))
    return lambda: report.as_markdown(review(before, after, "the plan before"))


def exported(services: int) -> Callable[[], object]:
    """Give a run of every export of an inventory with as many services as asked for."""
    inventory = from_resources("prod", scaled(services)().resources)
    return lambda: [export.texts(inventory, form) for form in export.FORMATS]


def exports() -> None:
    """Measure how the time per service grows with the number of services."""
    small, large = in_turn(exported(100), exported(1000))
    print(
        f"every export of 100 services {small:.2f} s, of 1,000 {large:.2f} s,"
        f" per service ratio {large / small / 10:.2f}"
    )


def main() -> None:
    """Run all five; the first needs the engine."""
    if shutil.which("pulumi"):
        with tempfile.TemporaryDirectory() as folder:
            preview(Path(folder))
    else:
        print(f"pulumi is not installed (see {config.INSTALL_PAGE}): no preview is measured")
    offline()
    growth()
    reviewed()
    exports()


if __name__ == "__main__":
    main()
