"""The components of the estate. A component declares resources; the stacks choose the settings."""
