"""Changes of the real estate: preview, up, refresh, destroy, seals, secrets and their guards.

For operators. Imports the packages before it: `cli`, `plan`, `engine`, `impact`, `account`.
"""
