"""Where the state lies, whether it is whole, and its copies."""
