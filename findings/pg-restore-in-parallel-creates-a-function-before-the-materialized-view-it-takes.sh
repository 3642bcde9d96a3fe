#!/usr/bin/env bash
# A materialized view whose query groups by a primary key needs that key, so pg_dump moves it behind the rows, and with it the functions that
# take its rows (pg_dump warns: "archive items not in correct section order"). pg_restore by one job keeps that order. By several jobs it
# restores by sections: what is before the rows by kind, the function among it, comes first, and its argument's type is not there:
#   pg_restore: error: could not execute query: ERROR:  type "public.mv" does not exist
# So the same archive restores with -j 1, and never with -j 2.
# Seen with pg_dump, pg_restore and servers 15.18 and 18.6. Exits with 1 if that changes.
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
CREATE TABLE ordered (id int PRIMARY KEY, name text);
INSERT INTO ordered VALUES (1, 'a');
CREATE MATERIALIZED VIEW mv AS SELECT id, name FROM ordered GROUP BY id;
CREATE FUNCTION name_of(mv) RETURNS text LANGUAGE sql AS 'SELECT $1.name';
SQL
$bin/pg_dump -Fc -f "$work/dump" source
$bin/pg_restore --jobs=1 --exit-on-error -d serial "$work/dump"
said=$($bin/pg_restore --jobs=2 --exit-on-error -d parallel "$work/dump" 2>&1) && { echo "CHANGED: two jobs restore it"; exit 1; }
echo "$said" | grep 'type "*public.mv"* does not exist' || { echo "CHANGED: $said"; exit 1; }
echo "As described: one job restores the archive, two do not. ($($bin/pg_restore --version))"
