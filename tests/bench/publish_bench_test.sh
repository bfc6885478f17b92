#!/usr/bin/env bash
# Runs publish_bench with few watchers for a moment, so that it keeps working: every row comes with
# a figure of the gateway and of the floor, and no watcher was told anything twice or out of order.
#   publish_bench_test.sh BENCH GATEWAY FLOOR
set -euo pipefail

rows=$("$@" --json --no_kamailio --scale=0.02 --seconds=0.3 --settle=0)
echo "$rows"
for row in one_watcher hundred_watchers one_resource new_watcher memory grpc_one_watcher \
  grpc_hundred_watchers; do
  line=$(grep "^{\"row\":\"$row\"," <<<"$rows")
  servers=(gateway floor)
  [[ $row != grpc_* ]] || servers=(gateway)
  for server in "${servers[@]}"; do
    grep -Eq "\"$server\":\{\"cost\":[0-9.]*[1-9]" <<<"$line"
  done
done
