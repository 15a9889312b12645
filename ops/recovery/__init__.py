"""Recovery from a loss: prerequisites, steps, the runbook.

For people on call. Imports the packages before it; of the command groups, `verify` and `state`.
"""
