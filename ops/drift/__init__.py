"""Differences between the cloud, the state and the code, and DNS records that no code declares.

For operators and the nightly check. Imports the packages before it, and no other command group.
"""
