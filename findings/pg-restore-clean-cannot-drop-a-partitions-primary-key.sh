#!/usr/bin/env bash
# pg_restore --clean writes a DROP CONSTRAINT for the primary key of each partition, which the server refuses: the key is inherited from
# the partitioned table and goes with that one alone. Without --exit-on-error it is one of "errors ignored on restore" (exit code 1);
# with it, or in one transaction, a database with a partitioned table cannot be restored over itself:
#   pg_restore: error: could not execute query: ERROR:  cannot drop inherited constraint "p1_pkey" of relation "p1"
#   Command was: ALTER TABLE IF EXISTS ONLY public.p1 DROP CONSTRAINT IF EXISTS p1_pkey;
# Seen with pg_dump, pg_restore and server 15.18; pg_restore 18.6 writes the same statement. Exits with 1 if that changes.
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
$bin/createdb d
$bin/psql -qX -d d -v ON_ERROR_STOP=1 -c 'CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a)' -c 'CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)'
$bin/pg_dump -Fc -f "$work/dump" d
said=$($bin/pg_restore --clean --if-exists --single-transaction -d d "$work/dump" 2>&1) && { echo "CHANGED: it is restored over itself"; exit 1; }
echo "$said" | grep 'cannot drop inherited constraint "p1_pkey"' || { echo "CHANGED: $said"; exit 1; }
echo "As described: a partitioned table cannot be restored over itself in one transaction. ($($bin/pg_restore --version))"
