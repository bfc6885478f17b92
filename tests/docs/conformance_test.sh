#!/usr/bin/env bash
# Runs conformance_test.py with the system's Python on the page given.
set -euo pipefail
exec python3 -B "$(dirname "$(readlink -f "$0")")/conformance_test.py" "$(readlink -f "$1")"
