#!/bin/sh
# Prints the time from step to step: 20 steps wait for each other in a row, each runs a program that does nothing.
#   sh entrypoint/hop.sh [directory, /dev/shm by default] [command, a static no-op by default]
set -e
here=$(cd "$(dirname "$0")" && pwd)
make -s -C "$here"
entrypoint=$here/build/entrypoint
work=$(mktemp -d -p "${1:-/dev/shm}")
trap 'rm -rf "$work"' EXIT
command=${2:-$work/noop}
echo 'int main(void) { return 0; }' | cc -x c -static -Os -o "$work/noop" -

for round in $(seq 30); do
  run=$work/$round
  for step in $(seq 0 20); do mkdir -p "$run/$step"; done
  for step in $(seq 20); do
    "$entrypoint" -wait_file "$run/$((step - 1))/out" -post_file "$run/$step/out" -cancel_file "$run/cancel" \
      -termination_path "$run/$step/termination" -step_metadata_dir "$run/$step" -- "$command" &
  done
  # The last one waits when it has its watch; then so do the others, which were started before.
  while ! grep -qs 'inotify wd:' /proc/$!/fdinfo/*; do :; done
  sleep 0.05
  : > "$run/0/out"
  wait
  # From the first post file to the last, as the file system has it.
  first=$(stat -c %.9Y "$run/1/out")
  last=$(stat -c %.9Y "$run/20/out")
  echo "$first $last"
done | awk '{ printf "%.3f\n", ($2 - $1) / 19 * 1000 }' | sort -n |
  awk '{ hop[NR] = $1 } END { printf "step to step, ms: min %s  p50 %s  p90 %s  (30 rounds of 19 hops)\n", hop[1], hop[15], hop[27] }'
