"""The live account: DigitalOcean's API and Spaces, read only.

For every command that compares the estate with live resources. Imports `cli`, `plan`, `engine` and
`impact`.
"""
