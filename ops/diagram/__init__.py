"""The estate drawn as one picture, for people who need to see what depends on what.

It may import the plan and the impact of a loss. Only the command line imports it.
"""
