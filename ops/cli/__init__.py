"""The application `estate`, its errors, its questions and the table of findings.

For every command. Imports nothing else of `ops`.
"""
