#!/usr/bin/env bash
# Runs flags_test.py with the system's Python on the page and the programs given.
set -euo pipefail
exec python3 -B "$(dirname "$0")/flags_test.py" "$@"
