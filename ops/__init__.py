"""Day-2 commands. They read what the program registers, never a second model of it."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
