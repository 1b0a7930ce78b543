# Unpacks the program once into the user's cache folder and runs it from there.
# Its variables are set above: id, files, sizes, sums, payload, v8 and flags. A gzipped tar follows
# at byte `payload`: the Deno runtime, the program, and place.js.
# Needs sh, tail, gzip, tar, mkdir, rm, mv, uname, id, ls, wc, and sha256sum or shasum. Without
# `find -cnewer` every start computes checksums of 100 MB.

# Finds these tools even if PATH is empty.
PATH=${PATH:+$PATH:}/usr/bin:/bin

# Verifies the SHA-256 of every file in the current folder.
summed() {
  printf '%s\n' "$sums" | sha256sum -c >/dev/null 2>&1 ||
    printf '%s\n' "$sums" | shasum -a 256 -c >/dev/null 2>&1
}

# Whether all files are intact. Sizes are compared at every start; checksums once, and again if a
# file's ctime, which cannot be reset, is newer.
whole() (
  cd "$1" 2>/dev/null || exit 1
  found=$(LC_ALL=C wc -c $files 2>/dev/null | while read -r size name; do echo "$size $name"; done)
  case $found in
    "$sizes"*) ;;
    *) exit 1 ;;
  esac
  if [ -f verified ] && [ -z "$(find $files -cnewer verified 2>&1)" ]; then exit 0; fi
  rm -f verifying.* # left by a killed start
  printf '' 2>/dev/null >"verifying.$$" # timestamp from before the verification
  if summed; then
    mv -f "verifying.$$" verified 2>/dev/null
    exit 0
  fi
  rm -f "verifying.$$" verified 2>/dev/null
  exit 1
)

# Only run from a folder that we own and only we can write to, and that is not a symbolic link.
private() {
  owner=$(LC_ALL=C ls -ldn "$1" 2>/dev/null | while read -r mode links user rest; do
    case $mode in
      d????-??-*) echo "$user" ;;
    esac
  done)
  [ "$owner" = "$(id -u)" ]
}

# Removes leftovers of killed starts.
sweep() {
  for left in "$1"/*.new."$host".*; do
    if [ -d "$left" ] && ! kill -0 "${left##*.}" 2>/dev/null; then rm -rf "$left"; fi
  done
}

# Starts may unpack concurrently, each into its own folder, from which place.js moves the files one
# by one (mv of the folder onto an existing one would move it inside).
unpack() {
  host=$(uname -n)
  sweep "$1"
  new=$1/$id.new.$host.$$
  mkdir "$new" 2>/dev/null || return 1
  trap 'rm -rf "$new"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  tail -c "+$payload" "$self" | { gzip -dc || : >"$new/damaged"; } 2>/dev/null |
    tar -xf - -C "$new" 2>/dev/null &&
    [ ! -e "$new/damaged" ] &&
    DENO_DIR=$new/cache "$new/deno" run --quiet --no-config --allow-read --allow-write \
      "$new/place.js" "$new" "$1/$id" 2>/dev/null
  placed=$?
  rm -rf "$new"
  trap - EXIT HUP INT TERM
  sweep "$1" # again: the tar of a killed start may have outlived it
  return "$placed"
}

case $0 in
  */*) self=$0 ;;
  *) if [ -f "$0" ]; then self=./$0; else self=$(command -v "$0"); fi ;;
esac

# Candidate folders, in order of preference.
case ${XDG_CACHE_HOME:-} in
  /*) xdg=$XDG_CACHE_HOME/fluxion ;;
  *) xdg= ;;
esac
if [ -n "${HOME:-}" ] && [ -d "$HOME" ]; then home=$HOME/.cache/fluxion; else home=; fi

found=
for step in find unpack; do
  tried=
  for place in "$xdg" "$home" "${TMPDIR:-/tmp}/fluxion-$(id -u)"; do
    [ -n "$place" ] || continue
    if [ "$step" = unpack ]; then
      mkdir -p "${place%/*}" 2>/dev/null
      mkdir -m 700 "$place" 2>/dev/null
    fi
    private "$place" || { tried="$tried $place"; continue; }
    if [ "$step" = unpack ]; then unpack "$place" || { tried="$tried $place"; continue; }; fi
    if whole "$place/$id"; then
      found=$place/$id
      break 2
    fi
    tried="$tried $place"
  done
done
if [ -z "$found" ]; then
  printf 'fluxion: cannot unpack itself (110 MB, once); tried:%s\n' "$tried" >&2
  printf 'Set XDG_CACHE_HOME to a folder of yours alone that can be written to and run from;' >&2
  printf ' if there is one, this file is damaged: fetch it anew.\n' >&2
  exit 1
fi

# Without bounds checks each memory reserves 4 GiB of address space (tools/v8_flags.sh).
[ "$(ulimit -v 2>/dev/null)" = unlimited ] || v8=

# Hosts that the user allows besides the data mirrors. An empty value would allow all.
hosts=${FLUXION_ALLOW_HOSTS:-}
case ,$hosts, in
  ,,) allowed= ;;
  *,,* | *[!][A-Za-z0-9.:,-]*)
    printf 'fluxion: FLUXION_ALLOW_HOSTS: expected HOST or HOST:PORT, several with commas\n' >&2
    exit 2
    ;;
  *) allowed=--allow-net=$hosts ;;
esac

# Ignore the user's Deno cache, configuration and update check.
export DENO_DIR="$found/cache" DENO_NO_UPDATE_CHECK=1 DENO_NO_PACKAGE_JSON=1
eval 'exec "$found/deno" run '"$flags $v8"' ${allowed:+"$allowed"} "$found/main.js" "$@"'
exit 1
