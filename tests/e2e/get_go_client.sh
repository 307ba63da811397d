#!/bin/sh
# get_go_client.sh [--built] NAME…: builds pinned versions of registry clients that Debian does not package and prints the
# path of each.
#
# Their modules come from the Go module proxy; the programs stay in the cache directory. Exits with 77 when one is
# missing and cannot be built, or with --built when it has not been built before. helm3, helm4 and cosign take minutes.
set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/regpass-tests/go-clients
PATH=/usr/local/go/bin:$PATH

package_of() {
    case $1 in
        crane) echo github.com/google/go-containerregistry/cmd/crane@v0.21.7 ;;
        regctl) echo github.com/regclient/regclient/cmd/regctl@v0.11.7 ;;
        oras) echo oras.land/oras/cmd/oras@v1.3.6 ;;
        helm3) echo helm.sh/helm/v3/cmd/helm@v3.22.0 ;;
        helm4) echo helm.sh/helm/v4/cmd/helm@v4.3.0 ;;
        cosign) echo github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5 ;;
        *) echo "get_go_client.sh: unknown client $1" >&2 && exit 2 ;;
    esac
}

build=yes
[ "${1:-}" = --built ] && build=no && shift

for name in "$@"; do
    package=$(package_of "$name")
    program=${package##*/}
    place=$cache/$name-${package##*@}
    built=$place/${program%@*}
    if ! [ -x "$built" ]; then
        [ $build = yes ] || { echo "$name has not been built yet: run tests/e2e/get_go_client.sh $name" >&2 && exit 77; }
        command -v go >/dev/null || { echo "get_go_client.sh: $name is missing, and Go is not installed to build it" >&2 && exit 77; }
        mkdir -p "$place"
        # One compiler at a time and at low priority, since other tests may be measuring something.
        GOBIN=$place/new CGO_ENABLED=0 GOFLAGS="-p=1 -trimpath" nice go install "$package" >"$place/build.log" 2>&1 || {
            echo "get_go_client.sh: $name cannot be built, see $place/build.log" >&2 && exit 77
        }
        mv "$place/new/${program%@*}" "$built"
    fi
    echo "$built"
done
