# Unpacks the program once into the user's cache folder and runs it from there.
# Above stand its variables: id, files, payload and flags. Below, at byte `payload`,
# a gzipped tar: the Deno runtime, the program, and place.js.
# Needs sh, tail, gzip, tar, mkdir, rm, uname, and where there is no home: id, find.

# The tools above, even if PATH is empty.
PATH=${PATH:+$PATH:}/usr/bin:/bin

# Files are placed one by one, each whole and on the disk: all there is whole.
whole() {
  for file in $files; do
    [ -f "$1/$file" ] || return 1
  done
}

# A folder in TMPDIR could be anybody's: it must be ours, and ours alone to write.
private() {
  [ -n "$(find "$1" -prune -type d -user "$(id -u)" ! -perm -020 ! -perm -002 2>/dev/null)" ]
}

# Removes what starts that were killed have left.
sweep() {
  for left in "$1"/*.new."$host".*; do
    if [ -d "$left" ] && ! kill -0 "${left##*.}" 2>/dev/null; then rm -rf "$left"; fi
  done
}

# Another start may unpack at the same time: each into a folder of its own, from
# which place.js moves file by file (a mv of the folder onto one that is there by
# then would move it inside).
unpack() {
  host=$(uname -n)
  mkdir -p "$1" 2>/dev/null || return 1
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
  sweep "$1" # once more: a killed start's tar may have outlived it
  return "$placed"
}

case $0 in
  */*) self=$0 ;;
  *) if [ -f "$0" ]; then self=./$0; else self=$(command -v "$0"); fi ;;
esac

# Where it may be, in the order of liking.
case ${XDG_CACHE_HOME:-} in
  /*) xdg=$XDG_CACHE_HOME/fluxion ;;
  *) xdg= ;;
esac
if [ -n "${HOME:-}" ] && [ -d "$HOME" ]; then home=$HOME/.cache/fluxion; else home=; fi

found=
for step in find unpack; do
  tried=
  for place in "$xdg" "$home" temporary; do
    case $place in
      '') continue ;;
      temporary)
        place=${TMPDIR:-/tmp}/fluxion-$(id -u)
        if [ "$step" = unpack ]; then mkdir -m 700 "$place" 2>/dev/null; fi
        private "$place" || { tried="$tried $place"; continue; }
        ;;
    esac
    if [ "$step" = unpack ]; then unpack "$place" || { tried="$tried $place"; continue; }; fi
    if whole "$place/$id"; then
      found=$place/$id
      break 2
    fi
  done
done
if [ -z "$found" ]; then
  printf 'fluxion: cannot unpack itself (110 MB, once); tried:%s\n' "$tried" >&2
  printf 'Set XDG_CACHE_HOME to a folder that can be written to and run from;' >&2
  printf ' if there is one, this file is damaged: fetch it anew.\n' >&2
  exit 1
fi

# The user's own Deno cache, configuration and update check stay out of it.
export DENO_DIR="$found/cache" DENO_NO_UPDATE_CHECK=1 DENO_NO_PACKAGE_JSON=1
eval 'exec "$found/deno" run '"$flags"' "$found/main.js" "$@"'
exit 1
