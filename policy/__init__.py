"""What no change may do, whoever approves it: rules for the offline plan and for the engine.

`rules.py` lists them; `pack.py` hands them to the engine. Only that one knows `pulumi_policy`.
"""
