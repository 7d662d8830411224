#!/usr/bin/env bash
# Brings the servers that tests talk to into a folder of their own; nothing is installed or started.
# Redis, NATS, nginx, promtool and a clock that can be set come from Debian's packages where apt is,
# an S3-compatible store (versitygw) is built where Go is. What cannot be had is said, and its tests
# are skipped.
set -euo pipefail

into=$1
mkdir -p "$into/bin"
into=$(cd "$into" && pwd)

debian=(redis-server nats-server nginx-light libfaketime prometheus)
if [ "$(cat "$into/debian.done" 2>/dev/null)" != "${debian[*]}" ]; then
	if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
		mkdir -p "$into/debs/partial" "$into/root"
		apt-get update -qq || true
		if apt-get install -qq -y --reinstall --no-install-recommends --download-only \
			-o Dir::Cache::archives="$into/debs" "${debian[@]}" >/dev/null; then
			for each in "$into"/debs/*.deb; do dpkg -x "$each" "$into/root"; done
			rm -rf "$into/debs"
			echo "${debian[*]}" >"$into/debian.done"
		fi
	fi
fi
[ -e "$into/debian.done" ] || echo "no Debian packages here: Redis, NATS and nginx are those on PATH" >&2

if [ ! -x "$into/bin/versitygw" ] && ! command -v versitygw >/dev/null; then
	if command -v go >/dev/null; then
		echo "building versitygw, an S3-compatible store (once, minutes)" >&2
		GOBIN="$into/bin" timeout 600 go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 \
			|| echo "versitygw cannot be built: tests of object stores are skipped" >&2
	else
		echo "no Go here: tests of object stores need versitygw on PATH" >&2
	fi
fi
