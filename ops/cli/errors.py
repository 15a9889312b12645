"""The error that a person can fix."""

from __future__ import annotations


class UsageError(Exception):
    """Something that the person at the keyboard can mend; its text says how."""
