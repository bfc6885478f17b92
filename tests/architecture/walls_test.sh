#!/usr/bin/env bash
# Runs walls_test.py with the system's Python on the build graph given.
set -euo pipefail
exec python3 -B "$(dirname "$(readlink -f "$0")")/walls_test.py" -v "$PWD/$1"
