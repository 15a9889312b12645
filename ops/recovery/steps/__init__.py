"""The steps of each recovery, derived from the plan."""
