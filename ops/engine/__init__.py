"""The pulumi command line as a client, and the reader of its documents.

For every package that asks the engine. Imports `ops.cli` and `ops.plan`.
"""
