"""What a change does: two plans compared, and a preview of the engine read as the same edits.

For reviewers. Imports `cli`, `plan`, `engine`, `impact`, `account` and `deploy`.
"""
