"""Whether everything in the state exists and answers.

For operators. Imports the packages before it, and no other command group.
"""
