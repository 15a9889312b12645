"""Rules that no change may break, whoever approves it: for the offline plan and for the engine.

`rules.py` lists them. `pack.py` serves them to the engine and alone imports `pulumi_policy`.
"""
