#!/usr/bin/env bash
# hash_record_extended and hash_array_extended take a seed, and forget it where all fields or elements are null:
#   SELECT hash_record_extended(ROW(NULL::int, NULL::text), 1)   is 0, and so it is with any other seed.
# Who puts one hash into the next as its seed, or two partitions apart by their seeds, loses all that went before. Nor do hashes of one value
# tell what a client can see: hashint8extended lays one half of a bigint over the other, so 0 and 4294967297 have one hash with every
# seed (timestamps and times likewise), and hashbpcharextended takes no notice of blanks at the end.
# Seen with 15, 17, 18 and 19rc1. Exits with 1 if that changes.
# Runs PostgreSQL 15 of Debian 12 (package postgresql-15), unpacked into a temporary folder where it is not installed.
set -euo pipefail
work=$(mktemp -d); chmod 755 "$work"
bin=${PGBIN:-/usr/lib/postgresql/15/bin}
if [ ! -x "$bin/initdb" ]; then
  cd "$work"; apt-get download -q postgresql-15 postgresql-client-15 >/dev/null
  for package in ./*.deb; do dpkg -x "$package" "$work/root"; done
  bin=$work/root/usr/lib/postgresql/15/bin
fi
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"; else "$@"; fi; }
install -d -m 700 "$work/data"; [ "$(id -u)" != 0 ] || chown nobody:nogroup "$work/data"
port=$((20000 + RANDOM % 20000))
cd /
trap 'as $bin/pg_ctl -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
as "$bin/initdb" -D "$work/data" -U postgres -A trust >/dev/null
as "$bin/pg_ctl" -D "$work/data" -w -l "$work/data/log" \
  -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off" start >/dev/null
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres
ask() { "$bin/psql" -AtX -d postgres -c "SELECT $1"; }
expect() { [ "$(ask "$1")" = "$2" ] || { echo "CHANGED: $1 is $(ask "$1")"; exit 1; }; echo "$1: $2"; }
expect "hash_record_extended(ROW(NULL::int, NULL::text), 1)" 0
expect "hash_record_extended(ROW(NULL::int, NULL::text), 2)" 0
expect "hash_array_extended(ARRAY[NULL::int], 1) = hash_array_extended(ARRAY[NULL::int], 2)" t
expect "hash_record_extended(ROW(1), 1) = hash_record_extended(ROW(1), 2)" f
expect "hashint8extended(0, 7) = hashint8extended(4294967297, 7)" t
expect "timestamp_hash_extended('2000-01-01', 7) = timestamp_hash_extended('2000-01-01 01:11:34.967297', 7)" t
expect "hashbpcharextended('a', 7) = hashbpcharextended('a ', 7)" t
echo "As described. ($("$bin/postgres" --version))"
