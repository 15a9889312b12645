"""What to do when something is lost: what stands ready for it, and what to do in which order."""
