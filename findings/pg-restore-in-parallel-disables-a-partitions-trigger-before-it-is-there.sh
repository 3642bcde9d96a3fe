#!/usr/bin/env bash
# A disabled trigger of a partition is dumped as an entry of its own (ALTER TABLE … DISABLE TRIGGER), and nothing in the archive says
# that it needs the entry that creates the trigger on the partitioned table. Restored by one job, the archive's order happens to be right.
# By several jobs, the entry of a partition of a partition often goes first, and the restore fails, or leaves the trigger switched on:
#   pg_restore: error: could not execute query: ERROR:  trigger "tr" for table "ev_24_a" does not exist
#   Command was: ALTER TABLE public.ev_24_a DISABLE TRIGGER tr;
# Seen with pg_dump, pg_restore and servers 15.18, 18.6 and 19rc1. Exits with 1 if that changes.
# Runs PostgreSQL 15 of Debian 12 (package postgresql-15), unpacked into a temporary folder where it is not installed.
set -euo pipefail
work=$(mktemp -d); chmod 755 "$work"
bin=/usr/lib/postgresql/15/bin
if [ ! -x $bin/initdb ]; then
  cd "$work"; apt-get download -q postgresql-15 postgresql-client-15 >/dev/null
  for package in ./*.deb; do dpkg -x "$package" "$work/root"; done
  bin=$work/root/usr/lib/postgresql/15/bin
fi
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"; else "$@"; fi; }
install -d -m 700 "$work/data"; [ "$(id -u)" != 0 ] || chown nobody:nogroup "$work/data"
port=$((20000 + RANDOM % 20000))
cd /
trap 'as $bin/pg_ctl -D "$work/data" -m immediate stop >/dev/null 2>&1; rm -rf "$work"' EXIT
as $bin/initdb -D "$work/data" -U postgres -A trust >/dev/null
as $bin/pg_ctl -D "$work/data" -w -l "$work/data/log" \
  -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off" start >/dev/null
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres
$bin/createdb source; $bin/createdb serial; $bin/createdb parallel
$bin/psql -qX -d source -v ON_ERROR_STOP=1 <<'SQL'
CREATE TABLE ev (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE ev_24 PARTITION OF ev FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY HASH (id);
CREATE TABLE ev_24_a PARTITION OF ev_24 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER tr BEFORE INSERT ON ev FOR EACH ROW EXECUTE FUNCTION tf();
ALTER TABLE ev_24_a DISABLE TRIGGER tr;
SQL
$bin/pg_dump -Fc -f "$work/dump" source
$bin/pg_restore --exit-on-error -d serial "$work/dump"
failed=
for _ in $(seq 30); do
  $bin/psql -qX -d postgres -c 'DROP DATABASE parallel' -c 'CREATE DATABASE parallel'
  said=$($bin/pg_restore --jobs=2 --exit-on-error -d parallel "$work/dump" 2>&1) || { failed=$said; break; }
done
echo "$failed" | grep 'trigger "tr" for table "ev_24_a" does not exist' || { echo "CHANGED: thirty parallel restores: ${failed:-all succeed}"; exit 1; }
echo "As described: one job restores the archive, two do not. ($($bin/pg_restore --version))"
