"""Pencom's facts in the words of what runs its hosts: one module a format.

A format is a function `files(estate)` that gives texts by file name.
"""
