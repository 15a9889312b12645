"""Reviews of a change: what it destroys, who depends on it, what it costs, which rules it breaks.

For reviewers. Imports the packages before it, and no other command group.
"""
