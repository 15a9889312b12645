"""The program run offline: its graph, its values, and the copy of them in `rendered/`.

For authors of a change. Imports `ops.cli`.
"""
