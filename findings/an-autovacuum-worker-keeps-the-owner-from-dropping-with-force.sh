#!/usr/bin/env bash
# DROP DATABASE ... WITH (FORCE) is refused to the database's own owner while an autovacuum worker is at work in it: the worker is nobody's session, so only
# a superuser or a member of pg_signal_backend may end it ("must be a member of the role whose process is being terminated"). The same DROP DATABASE
# without FORCE goes through at that moment: the server ends its own workers for it, and nobody asks for a right. So the option that is to make sure that
# a database goes keeps it, just after somebody has written much (a restore, say).
# Seen with PostgreSQL 15 (17, 18 and 19rc1 do the same, with other words). Exits with 1 if that changes.
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
  -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c autovacuum_naptime=1" start >/dev/null
export PGHOST=127.0.0.1 PGPORT=$port
sql() { $bin/psql -AtqX -v ON_ERROR_STOP=1 "$@"; }
sql -U postgres postgres -c "CREATE ROLE keeper LOGIN CREATEDB"
sql -U keeper postgres -c "CREATE DATABASE shelf"
sql -U keeper shelf -c "
  CREATE TABLE t (i int, p text) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 1);
  INSERT INTO t SELECT i, repeat('x', 200) FROM generate_series(1, 20000) i; DELETE FROM t WHERE i % 2 = 0"
workers() { sql -U postgres postgres -c "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shelf' AND backend_type = 'autovacuum worker'"; }
for _ in $(seq 120); do [ "$(workers)" = 0 ] || break; sleep 0.5; done
echo "workers in the database: $(workers)"
forced=$(sql -U keeper postgres -c "DROP DATABASE shelf WITH (FORCE)" 2>&1) && refused=no || refused=yes
echo "with FORCE, refused: $refused: ${forced%%$'\n'*}"
sql -U keeper postgres -c "DROP DATABASE shelf" && plain=yes || plain=no
echo "without, dropped: $plain; left: $(sql -U postgres postgres -c "SELECT count(*) FROM pg_database WHERE datname = 'shelf'")"
[ "$refused" = yes ] && [[ $forced == *"process is being terminated"* ]] && [ "$plain" = yes ] || { echo "CHANGED"; exit 1; }
echo "As described. ($($bin/postgres --version))"
