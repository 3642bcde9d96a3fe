#!/usr/bin/env bash
# Whether a query on a table can be planned with an empty search_path depends on what the same session has planned before. The expression of an
# index is simplified (SQL functions are put in place of their calls) when a session first plans a query on the table, with the search_path
# of that moment, and kept as it is then. With an SQL function that names another one without its schema:
#   a new session, search_path = '':                                    ERROR:  function bare(text) does not exist
#   a session that has planned one query with search_path = public:     the same query with search_path = '' succeeds from then on
# So a trial in one session tells nothing of another one, nor of a new one of a pool.
# Seen with server 15. Exits with 1 if that changes.
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
$bin/psql -qX -d postgres -v ON_ERROR_STOP=1 <<'SQL'
CREATE FUNCTION bare(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT upper($1) $$;
CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT lower(bare($1)) $$;
CREATE TABLE people (id int PRIMARY KEY, name text);
INSERT INTO people VALUES (1, 'Anna');
CREATE INDEX ON people (plain(name));
SQL
fresh=$($bin/psql -AtqX -d postgres -c "SET search_path = ''" -c "SELECT count(*) FROM public.people" 2>&1 || true)
after=$($bin/psql -AtqX -d postgres -c "SET search_path = public" -c "EXPLAIN SELECT count(*) FROM public.people" \
  -c "SET search_path = ''" -c "SELECT 'rows: ' || count(*) FROM public.people" 2>&1 | grep -E '^rows|ERROR' || true)
echo "a new session:      $(head -n 1 <<<"$fresh")"
echo "after one with it:  $after"
[[ $fresh == *'function bare(text) does not exist'* ]] || { echo "CHANGED: a new session plans it"; exit 1; }
[ "$after" = 'rows: 1' ] || { echo "CHANGED: a session that has planned it does not keep the expression"; exit 1; }
echo "As described. ($($bin/postgres --version))"
