"""Measurements, not tests: they print ratios and have no limits."""
