"""The checks of what a recovery needs, one module an area. They only read."""
