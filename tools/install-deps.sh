#!/bin/sh
# Install what building, running and testing Hinomi need on Debian 12: packages, then web/node_modules.
#
#	tools/install-deps.sh		everything `make run` and `make test` use
#	tools/install-deps.sh --bench	and the peer that `make bench` measures against
#	tools/install-deps.sh --list	print the packages and do nothing
#
# Needs root or sudo only where a package is missing.  Quick, and silent, when all is there.
set -eu
cd "$(dirname "$0")/.."

build='gcc libc6-dev dpkg-dev meson ninja-build pkg-config python3
	libcurl4-gnutls-dev libgnutls28-dev libidn2-dev libjansson-dev libmicrohttpd-dev
	libpcre2-dev libpsl-dev libseccomp-dev libcap-ng-dev libsodium-dev libsqlite3-dev
	libvectorscan-dev libyaml-dev libzstd-dev zlib1g-dev'
run='squid python3-yaml ca-certificates'
test='chromium clang curl fonts-noto-cjk gnutls-bin libclang-rt-14-dev libcmocka-dev openssl sqlite3 zstd'
bench='syslog-ng-core'

packages="$build $run $test"
case "${1-}" in
'') ;;
--bench) packages="$packages $bench" ;;
--list) printf '%s\n' $build $run $test; exit 0 ;;
*) echo "usage: tools/install-deps.sh [--bench | --list]" >&2; exit 2 ;;
esac

# Node.js may come from elsewhere than Debian, with its own npm.
command -v node >/dev/null 2>&1 || packages="$packages nodejs"
command -v npm >/dev/null 2>&1 || packages="$packages npm"

have() {
	dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

missing=
for p in $packages; do
	have "$p" || missing="$missing $p"
done

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# A package's service must not start by itself: the demonstration runs its own Squid, on loopback.
# Debian asks this file before it starts anything; one that is there already stays as it is.
policy=/usr/sbin/policy-rc.d
install_missing() {
	quiet_services=
	if [ ! -e "$policy" ]; then
		quiet_services=yes
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
		trap 'as_root rm -f "$policy"' EXIT
		trap 'exit 130' INT TERM
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends $missing
	[ -z "$quiet_services" ] || as_root rm -f "$policy"
	trap - EXIT INT TERM
	for service in squid syslog-ng; do
		case " $missing " in
		*" $service"*)
			if command -v systemctl >/dev/null 2>&1; then
				as_root systemctl disable -q "$service" 2>/dev/null || true
			fi ;;
		esac
	done
}

if [ -n "$missing" ]; then
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
		echo "install-deps: these packages are missing, and neither root nor sudo is at hand:" >&2
		echo "  apt-get install$missing" >&2
		exit 3
	fi
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "install-deps: this is not Debian; install what corresponds to:$missing" >&2
		exit 3
	fi
	echo "installing:$missing"
	install_missing
fi

# npm writes .package-lock.json last: it is there only after a whole installation.
if [ -f web/package-lock.json ] &&
	[ ! web/node_modules/.package-lock.json -nt web/package-lock.json ]; then
	echo "installing the console's packages (npm ci)"
	(cd web && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error)
	touch web/node_modules/.package-lock.json
fi
