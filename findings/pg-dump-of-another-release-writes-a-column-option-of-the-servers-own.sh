#!/usr/bin/env bash
# PostgreSQL 15.20 (and 17.12) keeps an option pg_attver=N on every new column. Its own pg_dump leaves it out; an earlier one of the same
# major version writes it down as an option that a user has set, and no server but such a one takes it back:
#   ALTER TABLE ONLY public.t ALTER COLUMN id SET (pg_attver=26489168);
#   ERROR:  unrecognized parameter "pg_attver"
# Seen: server 15.20 with pg_dump 15.18; server 17.12 with pg_dump 18.6 and 19rc1. Exits with 1 if that changes.
# Runs the server of postgresql-15 15.20-0+deb12u1 and the pg_dump of 15.18-0+deb12u1 (Debian 12), both unpacked into a temporary folder.
set -euo pipefail
work=$(mktemp -d); chmod 755 "$work"
cd "$work"
for version in 15.20-0+deb12u1 15.18-0+deb12u1; do
  mkdir $version; (cd $version; apt-get download -q postgresql-15=$version postgresql-client-15=$version >/dev/null; for package in ./*.deb; do dpkg -x "$package" .; done)
done
chmod -R a+rX "$work"
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"; else "$@"; fi; }
port=$((20000 + RANDOM % 20000))
export PGHOST=127.0.0.1 PGUSER=postgres
trap 'for v in 15.20-0+deb12u1 15.18-0+deb12u1; do as "$work/$v/usr/lib/postgresql/15/bin/pg_ctl" -D "$work/data-$v" -m immediate stop >/dev/null 2>&1 || true; done; rm -rf "$work"' EXIT
for version in 15.20-0+deb12u1 15.18-0+deb12u1; do
  root=$work/$version/usr; bin=$root/lib/postgresql/15/bin
  install -d -m 700 "$work/data-$version"; [ "$(id -u)" != 0 ] || chown nobody:nogroup "$work/data-$version"
  as "$bin/initdb" -D "$work/data-$version" -L "$root/share/postgresql/15" -U postgres -A trust >/dev/null
  as "$bin/pg_ctl" -D "$work/data-$version" -w -l "$work/data-$version/log" -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off" start >/dev/null
  [ -n "${new:-}" ] || { new=$bin; newPort=$port; }
  old=$bin; oldPort=$port; port=$((port + 1))
done
"$new/psql" -qX -p $newPort -d postgres -c 'CREATE TABLE t (id int)'
! "$new/pg_dump" -p $newPort postgres | grep pg_attver || { echo "CHANGED: pg_dump 15.20 writes it"; exit 1; }
"$old/pg_dump" -p $newPort postgres | grep 'SET (pg_attver=' || { echo "CHANGED: pg_dump 15.18 does not write it"; exit 1; }
said=$("$old/pg_dump" -p $newPort postgres | "$old/psql" -qX -p $oldPort -d postgres 2>&1 || true)
echo "$said" | grep 'unrecognized parameter "pg_attver"' || { echo "CHANGED: the server takes it: $said"; exit 1; }
echo "As described: $("$old/pg_dump" --version) dumps $("$new/postgres" --version) so that only that one takes it back."
