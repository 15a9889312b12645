"""The steps of each recovery, derived from the plan: a step, and how each kind of loss is mended."""
