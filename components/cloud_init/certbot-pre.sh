#!/bin/bash
# Certbot's standalone challenge needs port 80, which nginx's container holds: stop whatever
# container publishes it, and note which, so that the post hook starts that and nothing else
# (people may have stopped the others on purpose).
set -euo pipefail

stopped=${LETSENCRYPT:-/etc/letsencrypt}/kro-stopped-containers

command -v docker >/dev/null || exit 0
containers=$(docker ps --quiet --filter publish=80)
[[ -n $containers ]] || exit 0
# Noted before stopping: a run that is cut off here is undone by the next post hook.
printf '%s\n' "$containers" >"$stopped"
xargs docker stop <"$stopped" >/dev/null
