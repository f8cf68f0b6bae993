#!/usr/bin/env bash
# Writes each requirements*.txt, which names every package with its version and its hashes, from the requirements*.in beside it.
# Run it after a change of an .in file: local/lock-python.sh. With --upgrade it takes the newest versions that the .in files allow.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { # FILE PYTHON ARGUMENTS...: --universal locks for every system, and for every Python from that one on
  local file=$1 python=$2
  shift 2
  .venv/bin/uv pip compile --quiet --universal --python-version "$python" --generate-hashes --no-annotate \
    --custom-compile-command local/lock-python.sh "$file.in" -o "$file.txt" "$@"
}
lock local/requirements-uv 3.10 "$@"
lock transform/requirements 3.10 "$@"
# These go into dbt's environment, so they must agree with its versions.
lock packages/googlesql-duckdb/analyser/requirements 3.10 --no-deps -c transform/requirements.txt "$@"
lock test/support/requirements 3.11 -c transform/requirements.txt "$@"
lock test/support/requirements-crucible 3.11 -c transform/requirements.txt "$@"
# These two share an environment.
lock test/support/requirements-bqemulator 3.11 "$@"
lock test/support/requirements-sdmetrics 3.11 -c test/support/requirements-bqemulator.txt "$@"
