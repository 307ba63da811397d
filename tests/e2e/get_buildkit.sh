#!/bin/sh
# Prints the directory with buildctl and buildkitd of a BuildKit release, and builds them if necessary.
#
# TEST_BUILDKIT=v0.31.2 selects a release other than the pinned one, TEST_BUILDKIT=latest the newest.
# The sources come from the Go module proxy, and the programs stay in the cache directory. Without Go or the proxy, the
# ones on PATH are used unless a release was selected. Exits with 77 if there are none. The first run takes a few minutes.
set -eu

pinned=v0.34.2
version=${TEST_BUILDKIT:-$pinned}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/regpass-tests/buildkit
[ "$version" = "$pinned" ] || cache=$cache/$version
module=github.com/moby/buildkit
PATH=/usr/local/go/bin:$PATH

has_both() { [ -x "$1/buildctl" ] && [ -x "$1/buildkitd" ]; }
# The newest release may have changed since the last run.
is_cached() { has_both "$cache/bin" && grep -q "$module $version\b" "$cache/module/go.mod"; }

build() {
    command -v go >/dev/null || return 1
    mkdir -p "$cache/module"
    (
        cd "$cache/module"
        # `go install …@version` refuses modules whose go.mod has replace or exclude directives.
        [ -f go.mod ] || go mod init regpass-tests/buildkit
        go get "$module@$version"
        # One compiler at a time and at low priority, since other tests may be measuring something.
        export CGO_ENABLED=0 GOFLAGS=-p=1
        nice go build -mod=mod -o "$cache/new/" "$module/cmd/buildctl" "$module/cmd/buildkitd"
    ) >"$cache/build.log" 2>&1 || return 1
    rm -rf "${cache:?}/bin"
    mv "$cache/new" "$cache/bin"
}

if is_cached || build; then
    echo "$cache/bin"
elif [ -z "${TEST_BUILDKIT-}" ] && command -v buildctl >/dev/null && command -v buildkitd >/dev/null; then
    dirname "$(command -v buildkitd)"
else
    echo "get_buildkit.sh: cannot build BuildKit $version (see $cache/build.log), and none is on PATH" >&2
    exit 77 # CTest counts it as skipped
fi
