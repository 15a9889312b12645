"""Measurements, not tests: they print ratios and judge nothing."""
