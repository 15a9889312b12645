"""The pack, as the engine starts it: `pulumi preview --policy-pack policy`."""

import sys
from pathlib import Path

# The engine runs the folder, which would make it the place of imports: that is the project.
sys.path[:] = [str(Path(__file__).resolve().parent.parent), *dict.fromkeys(sys.path[2:])]

from policy.pack import serve  # noqa: E402

serve()
