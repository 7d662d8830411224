#!/usr/bin/env bash
# Makes deploy/secrets (or the folder that is named) for compose.yaml, once; what is there stays.
# Needs the command burgee; in its place: BURGEE="docker run --rm -v $PWD/deploy:/work -w /work --user $(id -u) burgee:0.1.0".
set -euo pipefail

into=${1:-$(dirname "$0")/secrets}
burgee=${BURGEE:-burgee}
# Only its owner gets into the folder. Files are mounted one by one, and read by the user of the image.
mkdir -p "$into"
chmod 700 "$into"
random() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

[ -e "$into/signing.key" ] || $burgee keygen "$into"
[ -e "$into/events.secret" ] || random >"$into/events.secret"
[ -e "$into/store.env" ] || {
	key=$(random)
	secret=$(random)
	printf '%s\n' "ROOT_ACCESS_KEY=${key:0:20}" "ROOT_SECRET_KEY=$secret" \
		"AWS_ACCESS_KEY_ID=${key:0:20}" "AWS_SECRET_ACCESS_KEY=$secret" \
		AWS_REGION=us-east-1 AWS_ENDPOINT_URL=http://store:7070 AWS_ALLOW_HTTP=true >"$into/store.env"
}
[ -e "$into/clients.yaml" ] || {
	echo "keys, shown this once:"
	for client in 'app evaluate' 'operator admin'; do
		name=${client% *}
		key=$($burgee client add "$name" --clients "$into/clients.yaml" --tenant '*' --scope "${client#* }")
		echo "$name $key"
	done
}
chmod 444 "$into"/*
