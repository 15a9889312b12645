"""Day-2 commands. They read what the program registers, never a second model of it."""

from pathlib import Path

# The project whose folder this is in. The folder may be a link, as in the tests' example.
ROOT = Path(__file__).parent.parent.resolve()
