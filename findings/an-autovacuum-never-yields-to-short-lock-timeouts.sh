#!/usr/bin/env bash
# An autovacuum that is in the way yields only to a request that has waited for deadlock_timeout (1 s): its cancellation is part of the deadlock
# check. Who asks for the lock again and again with a lock_timeout below that, as is often advised so that others are not held up behind the request,
# never gets it before the vacuum has ended, however often he asks; nor does NOWAIT. One request that waits longer does, also in a mode that
# neither readers nor writers notice (SHARE UPDATE EXCLUSIVE).
# Seen with PostgreSQL 15: 8 requests of 0.4 s fail, the vacuum goes on; one of 1.5 s gets the lock, the vacuum is cancelled. Exits with 1 if that changes.
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
sql -c "ALTER SYSTEM SET autovacuum_naptime = '1s'" -c "SELECT pg_reload_conf()" >/dev/null
sql -c "CREATE TABLE slow (id int, filler text) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
  autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0)" \
  -c "INSERT INTO slow SELECT i, repeat('x', 500) FROM generate_series(1, 100000) i" -c "DELETE FROM slow WHERE id % 2 = 0"
vacuums() { sql -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%slow%'"; }
for _ in $(seq 60); do [ "$(vacuums)" = 1 ] && break; sleep 1; done
[ "$(vacuums)" = 1 ] || { echo "CHANGED: no autovacuum has begun"; exit 1; }
for _ in $(seq 8); do
  if sql -c "BEGIN; SET LOCAL lock_timeout = 400; LOCK TABLE slow; ROLLBACK" 2>/dev/null; then echo "CHANGED: a request of 0.4 s got its lock"; exit 1; fi
done
! sql -c "BEGIN; LOCK TABLE slow NOWAIT; ROLLBACK" 2>/dev/null || { echo "CHANGED: NOWAIT got its lock"; exit 1; }
[ "$(vacuums)" = 1 ] || { echo "CHANGED: the vacuum has ended"; exit 1; }
sql -c "BEGIN; SET LOCAL lock_timeout = 1500; LOCK TABLE slow IN SHARE UPDATE EXCLUSIVE MODE; ROLLBACK" || { echo "CHANGED: 1.5 s were not enough"; exit 1; }
grep -q 'canceling autovacuum task' "$work/data/log" || { echo "CHANGED: the vacuum was not cancelled"; exit 1; }
echo "As described. ($($bin/postgres --version))"
