#!/bin/sh
# Installs what only tests need from Debian or Ubuntu, where this user may; else names it, and the tests that
# need it report themselves as skipped.
set -u
PATH=$PATH:/usr/sbin:/usr/local/sbin

missing=
command -v nginx >/dev/null || missing="$missing nginx"
command -v chromium >/dev/null || missing="$missing chromium"
command -v curl >/dev/null || missing="$missing curl"
command -v nc >/dev/null || missing="$missing netcat-openbsd"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root=no
fi

if [ "$as_root" = no ] || ! command -v apt-get >/dev/null; then
    echo "Tests that need these are skipped; install them to run all:$missing" >&2
    exit 0
fi

echo "==> Debian packages for the tests:$missing"
# Debian starts a service that it installs; the tests run an nginx of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null && $as_root chmod +x $policy
    trap '$as_root rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # words of a list
$as_root apt-get -q -o Dpkg::Use-Pty=0 update >/dev/null &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends $missing >/dev/null ||
    echo "Could not install$missing; the tests that need them are skipped." >&2
exit 0
