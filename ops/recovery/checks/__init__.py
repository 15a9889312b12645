"""The prerequisites of a recovery, one module an area."""
