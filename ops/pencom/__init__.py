"""Pencom's hosts: exports of the inventory, one module a format, and the start and stop order.

For the operators of the on-premises hosts. Imports `cli`, `plan`, `engine` and `impact`.
A format is a function `files(inventory)` that returns texts by file name.
"""
