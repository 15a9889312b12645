"""The offline plan: settings, the program run without the engine, and its copy in `rendered/`.

For authors of a change. Imports `ops.cli`.
"""
