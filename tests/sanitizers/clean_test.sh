#!/usr/bin/env bash
# No test of //tests/sanitizers:tsan_clean may link gRPC: there, races of ours are suppressed too.
set -euo pipefail
if [[ -s $1 ]]; then
  echo "these lead to gRPC:" >&2
  cat "$1" >&2
  exit 1
fi
