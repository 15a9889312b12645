"""The live account: DigitalOcean's API and Spaces, read only.

For whatever compares the estate with what is live. Imports `cli`, `plan`, `engine` and
`impact`.
"""
