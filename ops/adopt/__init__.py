"""Taking over live resources: matching, differences, settings that keep them, state repair.

For operators. Imports the packages before it, and no other command group.
"""
