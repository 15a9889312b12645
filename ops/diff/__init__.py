"""The edits of a change: from two offline plans, or from a preview of the engine.

For reviewers. Imports `cli`, `plan`, `engine`, `impact`, `account` and `deploy`.
"""
