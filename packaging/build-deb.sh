#!/bin/sh
# Build hinomi_VERSION_ARCH.deb in the build folder, from the binary that is there: packaging/build-deb.sh
#
# Plain dpkg-deb: one binary, its manual, its units and its samples need no helper.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD-build}
binary=$build/hinomi
[ -x "$binary" ] || { echo "build-deb: $binary is not there; run \`make build\` first" >&2; exit 3; }

version=$("$binary" --version | sed 's/^hinomi //')-1
arch=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y meson.build)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$work"
root=$work/hinomi
doc=$root/usr/share/doc/hinomi
umask 022

# Put file $2 at $3 below the package's root, with mode $1.
put() {
	install -D -m "$1" "$2" "$root$3"
}

install -D -m 755 -s "$binary" "$root/usr/bin/hinomi"
put 644 conf/systemd/hinomi-center.service /lib/systemd/system/hinomi-center.service
put 644 conf/systemd/hinomi-node.service /lib/systemd/system/hinomi-node.service
put 644 conf/center.yaml /etc/hinomi/center.yaml
put 644 conf/node.yaml /etc/hinomi/node.yaml
put 644 packaging/hinomi.bash-completion /usr/share/bash-completion/completions/hinomi
put 644 README.md /usr/share/doc/hinomi/README.md
put 644 README.ja.md /usr/share/doc/hinomi/README.ja.md
put 644 content/README.md /usr/share/doc/hinomi/content.md
put 644 packaging/debian/copyright /usr/share/doc/hinomi/copyright
put 644 packaging/debian/lintian-overrides /usr/share/lintian/overrides/hinomi

tools/manpages.py "$binary" "$root/usr/share/man/man1"
printf 'hinomi (%s) bookworm; urgency=medium\n\n  * Built from the source tree.\n\n -- %s  %s\n' \
	"$version" "Hinomi <hinomi@localhost>" \
	"$(date -R -u -d "@$SOURCE_DATE_EPOCH")" >"$doc/changelog.Debian"
gzip -9n "$doc/changelog.Debian" "$root"/usr/share/man/man1/*

# What the binary is linked with becomes Depends; dpkg-shlibdeps wants a debian/control to stand on.
mkdir -p "$work/debian"
printf 'Source: hinomi\n\nPackage: hinomi\nArchitecture: any\n' >"$work/debian/control"
(cd "$work" && dpkg-shlibdeps -O hinomi/usr/bin/hinomi >shlibdeps 2>shlibdeps.log) || {
	cat "$work/shlibdeps.log" >&2
	echo "build-deb: dpkg-shlibdeps (package dpkg-dev) could not tell which libraries are needed" >&2
	exit 3
}
depends=$(sed -n 's/^shlibs:Depends=//p' "$work/shlibdeps")

mkdir -p "$root/DEBIAN"
for script in postinst prerm postrm; do
	install -m 755 "packaging/debian/$script" "$root/DEBIAN/$script"
done
printf '%s\n' /etc/hinomi/center.yaml /etc/hinomi/node.yaml >"$root/DEBIAN/conffiles"
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z |
	xargs -0 md5sum >DEBIAN/md5sums)
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@DEPENDS@/$depends/" \
	-e "s/@SIZE@/$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)/" \
	packaging/debian/control.in >"$root/DEBIAN/control"

deb=$build/hinomi_${version}_$arch.deb
dpkg-deb --root-owner-group --build "$root" "$deb" >/dev/null
echo "$deb"
