"""Whether what the state names is there and answers."""
