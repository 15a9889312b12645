"""What exists where: one module an environment, and the settings that fill it in."""
