"""How each thing of the estate is made. A component declares; the stacks choose the environment."""
