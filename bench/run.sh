#!/usr/bin/env bash
# Every benchmark, each printing its ratio to a peer or a floor measured in the same run.
set -eu
cd "$(dirname "$0")/.."
exec python3 bench/run.py "$@"
