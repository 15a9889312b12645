"""Options, errors and the table of findings that every command uses.

Imports nothing else of `ops`.
"""
