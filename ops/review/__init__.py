"""What a reviewer needs to know of a change: what it destroys, who depends on it, what it costs.

For reviewers. Imports the packages before it, and no other command group.
"""
