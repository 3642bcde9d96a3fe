#!/usr/bin/env bash
# pg_dump --snapshot writes the rows and tables of the snapshot, but not its indexes: it asks the server for their texts
# (pg_get_indexdef), which knows those of now alone. An index that was dropped since is left out, without a word and with exit code 0,
# although the snapshot still shows it; the same happens to triggers and extended statistics. So the dump is a state that the database
# never had: rows of before, indexes of after.
# Seen with pg_dump and server 15.18: the snapshot shows "i" in pg_class, and the dump has no CREATE INDEX. Exits with 1 if that changes.
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
$bin/psql -qX -d d -v ON_ERROR_STOP=1 -c 'CREATE TABLE t AS SELECT 1 AS a' -c 'CREATE INDEX i ON t (a)'

# A session that has the snapshot, and keeps it.
coproc holder { $bin/psql -qXAt -d d -v ON_ERROR_STOP=1; }
echo 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();' >&"${holder[1]}"
read -r snapshot <&"${holder[0]}"
$bin/psql -qX -d d -v ON_ERROR_STOP=1 -c 'DROP INDEX i' -c 'INSERT INTO t VALUES (2)'
$bin/pg_dump --snapshot "$snapshot" -f "$work/dump.sql" d || { echo "CHANGED: pg_dump refuses (exit code $?)"; exit 1; }
echo "SELECT count(*) FROM pg_class WHERE relname = 'i'; SELECT count(*) FROM t;" >&"${holder[1]}"
read -r indexes <&"${holder[0]}"
read -r rows <&"${holder[0]}"
dumped=$(sed -n '/^COPY/,/^\\\.$/p' "$work/dump.sql" | grep -cE '^[0-9]')
echo "the snapshot: $indexes index, $rows row; the dump: $(grep -c 'CREATE INDEX' "$work/dump.sql" || true) indexes, $dumped row"
if [ "$indexes $rows $dumped" != "1 1 1" ] || grep -q 'CREATE INDEX' "$work/dump.sql"; then echo "CHANGED"; exit 1; fi
echo "As described: the dump has the rows of the snapshot, and lacks its index. ($($bin/pg_dump --version))"
