#!/bin/sh
# Installs a signed wheelhouse on a board: all of it, as it was signed, or nothing.
#
#   sh install.sh [-k KEYS] [-t FOLDER] [-p PYTHON] WHEELHOUSE
#
# KEYS    what the board trusts: allowed_signers and revoked_keys for ssh-keygen (OpenSSH 8.2), or
#         minisign.pub for minisign; /etc/crossbuild
# FOLDER  gets the packages, in current/site-packages; /opt/crossbuild
# PYTHON  python3
#
# Keep this file on the board, as its keys: one that comes with a wheelhouse is not checked yet.
set -eu
umask 022
keys=/etc/crossbuild folder=/opt/crossbuild python=python3
refuse() { echo "install.sh: $*" >&2; exit 1; }
while getopts k:t:p: option; do
  case $option in
    k) keys=$OPTARG ;; t) folder=$OPTARG ;; p) python=$OPTARG ;; *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[ $# = 1 ] || refuse "name one wheelhouse"
house=$(cd "$1" && pwd)
keys=$(cd "$keys" && pwd) || refuse "this board has no keys to check by"
mkdir -p "$folder"
cd "$folder" # also since Python reads modules of the current folder
folder=$(pwd)

# One at a time; the lock goes with this process.
exec 9> .lock
"$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2> .locked ||
  refuse "another installation is under way: $(tail -n 1 .locked)"

# What decides is copied before it is checked, so that nobody changes it in between.
tag=$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
pins=requirements-$tag.txt
rm -rf .new-* .locked # what a loss of power left
new=.new-$tag
mkdir -p "$new/tmp"
trap 'cd "$folder"; rm -rf "$new"' EXIT
trap 'exit 130' INT TERM HUP
cd "$new"
for name in SHA256SUMS SERIAL "$pins"; do
  cp "$house/$name" . || refuse "the wheelhouse has no $name: it is not signed, or not for $tag"
done

if [ -f "$keys/allowed_signers" ] && command -v ssh-keygen > tmp/out; then
  cp "$house/SHA256SUMS.sig" . || refuse "it is not signed by an ssh key"
  who=$(ssh-keygen -Y find-principals -f "$keys/allowed_signers" -s SHA256SUMS.sig | sed 's/,.*//;q')
  [ -n "$who" ] || refuse "it is signed by no key that is allowed today"
  set -- -n crossbuild-wheelhouse -I "$who" -f "$keys/allowed_signers" -s SHA256SUMS.sig
  [ ! -e "$keys/revoked_keys" ] || set -- "$@" -r "$keys/revoked_keys"
  ssh-keygen -Y verify "$@" < SHA256SUMS || refuse "its signature is wrong, or the key revoked"
elif [ -f "$keys/minisign.pub" ] && command -v minisign > tmp/out; then
  cp "$house/SHA256SUMS.minisig" . || refuse "it is not signed by minisign"
  minisign -V -q -p "$keys/minisign.pub" -m SHA256SUMS || refuse "its signature is wrong"
else
  refuse "$keys has no keys for the programs of this board: ssh-keygen, minisign"
fi

cut -c 67- SHA256SUMS > tmp/names
for name in SERIAL "$pins"; do
  grep -q -x -F -e "$name" tmp/names || refuse "$name is not listed"
  grep -F -e "  $name" SHA256SUMS | sha256sum -c > tmp/out || refuse "$name is not what was signed"
done
(cd "$house" && sha256sum -c) < SHA256SUMS > tmp/out 2>&1 ||
  refuse "files are missing or changed:" "$(grep -v ': OK$' tmp/out)"
for name in "$house"/*; do
  case ${name##*/} in *.[Ww][Hh][Ll] | *.[Zz][Ii][Pp] | *.[Tt]* | *.*[Hh][Tt][Mm]*)
    grep -q -x -F -e "${name##*/}" tmp/names || refuse "${name##*/} is not listed" ;;
  esac
done

serial=$(cat SERIAL)
last=$(cat ../current/SERIAL 2> tmp/out || echo 0)
[ "$serial" -ge "$last" ] || refuse "it is older ($serial) than what is installed ($last)"
target=$tag-$serial
old=$(readlink ../current || :)
if [ "$old" = "$target" ]; then echo "$folder/current has it already"; exit; fi

TMPDIR=$PWD/tmp "$python" -m pip --isolated --disable-pip-version-check install --no-cache-dir \
  --no-index --find-links "$house" --only-binary :all: --require-hashes -r "$pins" \
  --target site-packages || refuse "pip did not install; what was there is as before"

# Whole and on the disk first, then in place by one rename.
rm -rf tmp "../$target" ../.next
cd "$folder"
mv "$new" "$target"
sync
ln -s "$target" .next
"$python" -c 'import os; os.rename(".next", "current")'
sync
for name in cp*-*; do
  case $name in "$target" | "$old") ;; *) rm -rf "$name" ;; esac
done
echo "installed: PYTHONPATH=$folder/current/site-packages"
