#!/usr/bin/env bash
# The definition of a view with a set operation below its top level, one branch of which has a column without a name, is printed in one way
# before a dump and in another one after its restore, though nothing about the view has changed:
#   before: SELECT free.id, NULL::integer          after: SELECT free.id, NULL::integer AS int4
# The printed text is a valid definition that means the same, and from then on it stays as it is. So neither texts nor digests of them
# tell whether two views are the same; what one server prints of both does.
# Seen with server, pg_dump and pg_restore 15. Exits with 1 if that changes.
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
for database in first second third; do $bin/createdb $database; done
$bin/psql -qX -d first -v ON_ERROR_STOP=1 <<'SQL'
CREATE TABLE paid (id int PRIMARY KEY, amount int);
CREATE TABLE free (id int PRIMARY KEY);
CREATE VIEW both_of AS SELECT id, amount FROM (SELECT id, amount FROM paid UNION ALL SELECT id, NULL FROM free) q;
SQL
$bin/pg_dump first | $bin/psql -qX -d second >/dev/null
$bin/pg_dump second | $bin/psql -qX -d third >/dev/null
text() { $bin/psql -AtX -d "$1" -c "SELECT pg_get_viewdef('both_of'::regclass)"; }
[ "$(text first)" != "$(text second)" ] || { echo "CHANGED: the text is the same before and after"; exit 1; }
[ "$(text second)" = "$(text third)" ] || { echo "CHANGED: the text changes each time"; exit 1; }
diff <(text first) <(text second) || true
echo "As described. ($($bin/pg_dump --version))"
