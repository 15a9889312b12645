"""Pencom's hosts: exports of the inventory, one module a format, and the order of start and stop.

For the people who run the on-premises hosts. Imports `cli`, `plan`, `engine` and `impact`.
A format is a function `files(inventory)` that returns texts by file name.
"""
