"""Where the state is, whether it is complete, and its copies elsewhere.

For operators. Imports the packages before it, and no other command group.
"""
