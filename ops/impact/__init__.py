"""What depends on a resource, and what its loss or change means for users.

For reviewers and people on call. Imports `cli`, `plan` and `engine`.
"""
