"""The estate drawn as one picture, for people who need to see what depends on what.

`parts` reads the boxes and lines from the plan, `svg` has Graphviz place them, `page` adds what
`ops blast` says of each box. The package may import `cli`, `plan` and `impact`; only the command
line imports it.
"""
