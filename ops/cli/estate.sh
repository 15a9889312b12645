#!/bin/sh
# Runs the command line of the checkout that this .venv is in, from any folder. `make setup` copies
# it to .venv/bin/estate: it has no path in it, so the folder can be moved, and nothing has to be
# built. -P and the explicit path: a folder `ops` where one happens to be is not ours.
self=$0
[ ! -L "$self" ] || self=$(readlink -f "$self") # a link, as from ~/bin
bin=$(dirname "$self")
root=$(cd "$bin/../.." && pwd)
run='import sys; sys.path.insert(0, sys.argv.pop(1)); from ops.__main__ import main; main()'
exec "$bin/python" -P -c "$run" "$root" "$@"
