"""The steps of each recovery, derived from the plan: what a step is, and those of each kind."""
