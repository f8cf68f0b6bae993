#!/usr/bin/env bash
# Builds Pulumi's command line with Go, in some minutes, for machines that `npx pulumi version` cannot fetch it to.
set -euo pipefail
version=v3.274.1
to="${PULUMI_HOME:-$HOME/.pulumi}/bin/pulumi"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
go mod init build
go get "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi@$version"
mkdir -p "$(dirname "$to")"
go build -ldflags "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" -o "$to" \
  github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
echo "built $to, $("$to" version)"
