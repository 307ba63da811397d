#!/bin/sh
# Prints the directory that holds buildctl and buildkitd of one BuildKit release; builds them if need be.
#
# TEST_BUILDKIT=v0.31.2 names another release than the pinned one, TEST_BUILDKIT=latest the newest there is.
# They come from the Go module proxy and stay in the cache directory. Without Go, or without the proxy, the ones on
# PATH do, unless a release was named. Exits with 77 if there are none. Takes a few minutes the first time.
set -eu

pinned=v0.34.2
version=${TEST_BUILDKIT:-$pinned}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/regpass-tests/buildkit
[ "$version" = "$pinned" ] || cache=$cache/$version
module=github.com/moby/buildkit
PATH=/usr/local/go/bin:$PATH

has_both() { [ -x "$1/buildctl" ] && [ -x "$1/buildkitd" ]; }
# The newest release may be another one than last time.
is_cached() { has_both "$cache/bin" && grep -q "$module $version\b" "$cache/module/go.mod"; }

build() {
    command -v go >/dev/null || return 1
    mkdir -p "$cache/module"
    (
        cd "$cache/module"
        # Not `go install …@version`: that refuses a module whose go.mod has replace or exclude directives.
        [ -f go.mod ] || go mod init regpass-tests/buildkit
        go get "$module@$version"
        # One compiler at a time, and last in the queue: something else may want to be measured meanwhile.
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
    echo "get_buildkit.sh: no Go to build BuildKit $version with (see $cache/build.log), and none on PATH" >&2
    exit 77 # "skipped" to CTest
fi
