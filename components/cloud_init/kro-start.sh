#!/bin/bash
# Installed as /usr/local/sbin/kro-start. It holds no value of its own: they come from kro.env.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: ssh -A root@HOST kro-start

Brings KROTrust up on this host, or up to date; safe to run again at any time.
  1. clones or fast-forwards the repositories (ssh -A lends it your key for that)
  2. checks for the two files that are in no repository
  3. issues the TLS certificate when there is none
  4. docker compose up --build -d
  5. waits until the health address answers

Exit codes: 0 healthy, 1 a step failed, 2 a file is missing and nothing was started, 64 usage.
Environment: KRO_ENV_FILE, KRO_HOME, LETSENCRYPT, KRO_HEALTH_TRIES, KRO_HEALTH_PAUSE (seconds).
TEXT
}

say() { printf 'kro-start: %s\n' "$@"; }

fail() {
  say "$@" >&2
  exit 1
}

# Prints the address people can copy files to. The metadata service goes first: behind a reserved
# address SSH_CONNECTION names a private one.
host_address() {
  local metadata=http://169.254.169.254/metadata/v1/interfaces/public/0/ipv4/address
  local server
  if curl --fail --silent --noproxy '*' --max-time 2 "$metadata"; then
    return
  fi
  read -r _ _ server _ <<<"${SSH_CONNECTION:-}" || true
  printf '%s' "${server:-$(hostname)}"
}

wait_for_first_boot() {
  local command missing=()
  if command -v cloud-init >/dev/null; then
    say "host: waiting for cloud-init, if it is still at work"
    # What went wrong there shows below, as a command that is missing.
    timeout 900 cloud-init status --wait >/dev/null || true
  fi
  for command in git docker certbot curl; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  if ((${#missing[@]})); then
    fail "not installed: ${missing[*]}" "why: less /var/log/cloud-init-output.log"
  fi
}

uses_ssh() {
  case $1 in
    ssh://*) return 0 ;;
    *://* | /* | ./* | ../*) return 1 ;;
    *:*) return 0 ;;
    *) return 1 ;;
  esac
}

fetch_failed() {
  if uses_ssh "$1" && ! ssh-add -l >/dev/null 2>&1; then
    fail "cannot fetch $1: this session has no SSH key (ssh-add -l shows none)" \
      "cure: on your own machine, ssh-add the key that may read it" \
      "then: ssh -A root@$(host_address) kro-start"
  fi
  fail "cannot fetch $1: git's reason is above; is the address right, and may your key read it?"
}

# One way for all cases: a new folder, one that already holds copied files, a clone that broke off.
# No git command here discards or overwrites a file: each refuses instead.
sync_repository() {
  local name=$1
  local folder=$KRO_HOME/$1 url=$KRO_GIT_BASE_URL/$1.git
  local origin branch note=""

  [[ -e $folder/.git ]] || git init --quiet "$folder"
  origin=$(git -C "$folder" config remote.origin.url || true)
  if [[ -z $origin ]]; then
    git -C "$folder" remote add origin "$url"
  elif [[ $origin != "$url" ]]; then
    fail "$folder is a clone of $origin, not of $url" \
      "cure, if the settings are right: git -C $folder remote set-url origin $url"
  fi
  git -C "$folder" fetch --quiet origin || fetch_failed "$url"

  if ! git -C "$folder" rev-parse --quiet --verify HEAD >/dev/null; then
    git -C "$folder" remote set-head origin --auto >/dev/null || fail "$url has no default branch"
    branch=$(git -C "$folder" symbolic-ref --short refs/remotes/origin/HEAD)
    git -C "$folder" checkout --quiet -b "${branch#origin/}" --track "$branch" ||
      fail "cannot check out $branch in $folder: git says above what is in the way" \
        "nothing was overwritten; move that away and run kro-start again"
  elif ! git -C "$folder" merge --quiet --ff-only '@{upstream}'; then
    fail "cannot fast-forward $folder: its local changes are kept; look: git -C $folder status"
  fi

  if [[ -n $(git -C "$folder" status --porcelain --untracked-files=no) ]]; then
    note=", local changes kept"
  fi
  say "repository: $name at $(git -C "$folder" log -1 --format='%h (%cs)')$note"
}

require_files() {
  local config=$compose_folder/$KRO_CONFIG_FILE ca=$compose_folder/$KRO_DATABASE_CA_FILE
  local target path quoted commands=()

  # An empty file counts as missing: a failed "command > file" leaves one.
  if [[ ! -f $config || ! -s $config || ! -f $ca || ! -s $ca ]]; then
    target=root@$(host_address):$compose_folder/
    for path in "$config" "$ca"; do
      [[ -f $path && -s $path ]] && continue
      commands+=("missing: $path")
      # Compose, started without the file it mounts, leaves a folder of that name.
      [[ -d $path ]] && commands+=("  first, here: rmdir $(printf '%q' "$path")")
      quoted=$(printf '%q' "${path##*/}")
      [[ $path == "$ca" ]] && commands+=("  on your own machine: $KRO_CA_COMMAND > $quoted")
      commands+=("  on your own machine: scp $quoted $(printf '%q' "$target")")
    done
    say "${commands[@]}" "nothing was started; bring the missing files and run kro-start again" >&2
    exit 2
  fi
  chmod 600 "$config"
  say "files: $KRO_CONFIG_FILE and $KRO_DATABASE_CA_FILE are in place"
}

ensure_certificate() {
  local host domains=() issued=true
  if [[ -e $LETSENCRYPT/live/$KRO_CERTIFICATE_NAME/fullchain.pem ]]; then
    say "certificate: $KRO_CERTIFICATE_NAME is there"
    return
  fi
  for host in "${KRO_HOSTS[@]}"; do
    domains+=(--domain "$host")
  done
  say "certificate: issuing $KRO_CERTIFICATE_NAME for ${KRO_HOSTS[*]}"
  # certbot runs the two hooks by itself on renewal, not on a first issue.
  "$LETSENCRYPT/renewal-hooks/pre/kro-nginx"
  certbot certonly --standalone --non-interactive --agree-tos --config-dir "$LETSENCRYPT" \
    --email "$KRO_EMAIL" --cert-name "$KRO_CERTIFICATE_NAME" "${domains[@]}" || issued=false
  # What it cannot start again, the next step does.
  "$LETSENCRYPT/renewal-hooks/post/kro-nginx" || true
  [[ $issued == true ]] || fail "no certificate: certbot's reason is above" \
    "do all these names point at $(host_address), and is port 80 open?"
}

start_containers() {
  say "containers: docker compose up --build -d in $compose_folder"
  (cd "$compose_folder" && docker compose up --build -d) ||
    fail "docker compose failed: its reason is above" "logs: $logs"
}

wait_until_healthy() {
  local tries=${KRO_HEALTH_TRIES:-60} pause=${KRO_HEALTH_PAUSE:-5} try
  say "health: waiting for $KRO_HEALTH_URL"
  for ((try = 1; try <= tries; try++)); do
    if curl --fail --silent --output /dev/null --max-time 5 "$KRO_HEALTH_URL"; then
      say "healthy: $KRO_HEALTH_URL"
      return
    fi
    ((try == tries)) || sleep "$pause"
  done
  fail "not healthy after $tries tries: $KRO_HEALTH_URL" "logs: $logs"
}

case ${1:-} in
  "") ;;
  -h | --help)
    usage
    exit
    ;;
  *)
    usage >&2
    exit 64
    ;;
esac

KRO_ENV_FILE=${KRO_ENV_FILE:-/etc/kro/kro.env}
LETSENCRYPT=${LETSENCRYPT:-/etc/letsencrypt}
[[ -r $KRO_ENV_FILE ]] || fail "cannot read $KRO_ENV_FILE: was this host made by the Pulumi program?"
# shellcheck source=/dev/null
. "$KRO_ENV_FILE"
compose_folder=$KRO_HOME/$KRO_COMPOSE_PATH
logs="cd $(printf '%q' "$compose_folder") && docker compose logs --tail 100"

# No person can answer a prompt here, so ssh and git fail instead of hanging.
export GIT_TERMINAL_PROMPT=0
export GIT_SSH_COMMAND="ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new"

wait_for_first_boot
for repository in "${KRO_REPOSITORIES[@]}"; do
  sync_repository "$repository"
done
require_files
ensure_certificate
start_containers
wait_until_healthy
