"""The commands: one module each, with its arguments, options and help.

For everyone who types `estate`. Imports any package, but only inside the functions: help and
completion stay fast. Nothing but `ops/__main__.py` imports these modules. A new command is a new
module; those that begin with an underscore hold what several share.
"""
