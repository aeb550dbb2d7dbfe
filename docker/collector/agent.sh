#!/bin/sh
# What the supervisor runs as its collector.
#
# Supervisors before 0.157 validate a new config together with the one that runs, which then wins over it: a config that is
# good is refused for what only the mixture lacks, and a bad one passes. This leaves the running one out.
#   validate --config <new> --config <running> [--feature-gates ...]
set -eu

if [ "${1-}" = validate ] && [ "${2-}" = --config ] && [ "${4-}" = --config ]; then
  new=$3
  shift 5
  set -- validate --config "$new" "$@"
fi

# In this process's place: the supervisor signals the process that it started.
exec "${OTELCOL_EXECUTABLE:-/usr/local/bin/otelcol}" "$@"
