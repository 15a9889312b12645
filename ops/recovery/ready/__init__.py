"""What a recovery needs, each kind of need in a module of its own; all of them only look."""
