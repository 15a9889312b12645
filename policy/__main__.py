"""Entry point of the pack for the engine: `pulumi preview --policy-pack policy`."""

import sys
from pathlib import Path

# The engine runs this folder, which puts it first on the import path: the project belongs there.
sys.path[:] = [str(Path(__file__).resolve().parent.parent), *dict.fromkeys(sys.path[2:])]

from policy.pack import serve  # noqa: E402

serve()
