#!/usr/bin/env bash
# default_tablespace may name the tablespace that the database lies in anyway, and tables are created as if it were empty. Not so partitioned
# ones: "cannot specify default tablespace for partitioned relations", as if the statement had said TABLESPACE. pg_dump's scripts empty the
# setting for every object, but those of --no-tablespaces leave it alone: an archive of a partitioned table then cannot be restored
# into a database that has this setting, which changes nothing for anything else.
# Seen with PostgreSQL 15.18 and 18.6. Exits with 1 if that changes.
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
$bin/createdb source; $bin/createdb named; $bin/createdb nameless
$bin/psql -qX -d source -v ON_ERROR_STOP=1 <<'SQL'
CREATE TABLE plain (id int);
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
SQL
for d in named nameless; do $bin/psql -qX -d postgres -c "ALTER DATABASE $d SET default_tablespace = pg_default"; done
$bin/pg_dump -Fc -f "$work/dump" source
$bin/pg_restore --exit-on-error -d named "$work/dump"
said=$($bin/pg_restore --no-tablespaces --exit-on-error -d nameless "$work/dump" 2>&1) && { echo "CHANGED: it is restored without tablespaces, too"; exit 1; }
echo "$said" | grep 'cannot specify default tablespace for partitioned relations' || { echo "CHANGED: $said"; exit 1; }
[ "$($bin/psql -qAtX -d nameless -c 'CREATE TABLE plain (id int)' -c "SELECT reltablespace FROM pg_class WHERE relname = 'plain'")" = 0 ] || { echo "CHANGED: plain is elsewhere"; exit 1; }
echo "As described: --no-tablespaces makes the archive impossible to restore there. ($($bin/pg_restore --version))"
