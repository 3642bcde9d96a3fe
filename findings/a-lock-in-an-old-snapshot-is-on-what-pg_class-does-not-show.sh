#!/usr/bin/env bash
# "Lock it, then look at pg_class" tells a transaction that is REPEATABLE READ what the relation was when its snapshot was taken, not what it has locked:
# after a table was dropped and a view took its name, LOCK TABLE locks the view (and what it reads), while pg_class, read in the same transaction, does not have
# that view at all, and still has the table, kind "r", that is gone. pg_identify_object, which goes by the server's caches, tells "view".
# Seen with PostgreSQL 15; it matters to whoever reads many tables in one snapshot. Exits with 1 if that changes.
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
sql() { $bin/psql -AtqX -v ON_ERROR_STOP=1 "$@"; }
sql -c "CREATE TABLE base (id int)" -c "CREATE TABLE item (id int)"
coproc reader { sql; }
ask() { echo "$1" >&"${reader[1]}"; read -r answer <&"${reader[0]}"; echo "$answer"; }
[ "$(ask "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT relkind FROM pg_class WHERE relname = 'item';")" = r ]
sql -c "BEGIN; DROP TABLE item; CREATE VIEW item AS SELECT id FROM base; COMMIT"
locked=$(ask "LOCK TABLE item IN ACCESS SHARE MODE; SELECT 'item'::regclass::oid;")
visible=$(ask "SELECT count(*) FROM pg_class WHERE oid = $locked;")
kind=$(ask "SELECT relkind FROM pg_class WHERE relname = 'item' AND relnamespace = 'public'::regnamespace;")
now=$(ask "SELECT type FROM pg_identify_object('pg_class'::regclass, $locked, 0);")
echo "\q" >&"${reader[1]}"
echo "locked: $now; in pg_class: $visible row with its oid, and by its name kind '$kind'"
[ "$visible" = 0 ] && [ "$kind" = r ] && [ "$now" = view ] || { echo "CHANGED"; exit 1; }
echo "As described. ($($bin/postgres --version))"
