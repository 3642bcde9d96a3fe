-- Runs statements that each wait for locks, all of them or none. While we hold one lock and wait for another, who waits for us and holds what
-- we want is in a deadlock, and the server ends whoever has waited for deadlock_timeout first. So all of it has to be over in less than that,
-- from the first lock on; else everything is given back for a moment, and asked for again.
DECLARE
    statements text[] := @statements;
    statement text;
    own_limit text := pg_catalog.current_setting('lock_timeout');
    ending timestamptz := pg_catalog.clock_timestamp() + @longestWait * interval '1 millisecond';
    shortest float; -- anybody's deadlock_timeout, in milliseconds
    begun timestamptz;
    budget float;
    remaining float;
BEGIN
    shortest := (@shortest);
    LOOP
        BEGIN
            -- Who waits for us already, because of what we hold, may be about to look whether he is in a deadlock.
            budget := CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE NOT l.granted AND pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(l.pid))) THEN 0
                ELSE least(@longest, shortest * @share, @own) END;
            begun := pg_catalog.clock_timestamp();
            FOREACH statement IN ARRAY statements
            LOOP
                remaining := budget - 1000 * extract(epoch FROM pg_catalog.clock_timestamp() - begun);
                IF remaining < 1 AND statement ~ '^LOCK TABLE ' THEN
                    EXECUTE statement || ' NOWAIT';
                ELSE
                    PERFORM pg_catalog.set_config('lock_timeout', greatest(remaining, 1)::int::text, true);
                    EXECUTE statement;
                END IF;
            END LOOP;
            PERFORM pg_catalog.set_config('lock_timeout', own_limit, true);
            RETURN;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                IF pg_catalog.clock_timestamp() >= ending THEN
                    RAISE;
                END IF;
            WHEN undefined_table THEN
                statements := pg_catalog.array_remove(statements, statement); -- it is gone by now
                CONTINUE;
        END;
        -- A vacuum that the server has begun by itself ends only where somebody waits for it for deadlock_timeout. This lock holds up neither
        -- readers nor writers.
        FOR statement IN
            SELECT pg_catalog.format('LOCK TABLE ONLY %I.%I IN SHARE UPDATE EXCLUSIVE MODE', n.nspname, c.relname)
            FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid AND a.usesysid IS NULL
            JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind = 'r' JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
              AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
              AND EXISTS (SELECT FROM pg_catalog.unnest(statements) s
                          WHERE pg_catalog.strpos(s, pg_catalog.format('"%s"."%s"', replace(n.nspname, '"', '""'), replace(c.relname, '"', '""'))) > 0)
        LOOP
            BEGIN
                PERFORM pg_catalog.set_config('lock_timeout', (shortest + 500)::int::text, true);
                EXECUTE statement;
            EXCEPTION
                WHEN lock_not_available OR deadlock_detected OR undefined_table OR insufficient_privilege THEN
                    NULL;
            END;
        END LOOP;
        PERFORM pg_catalog.set_config('lock_timeout', own_limit, true);
        PERFORM pg_catalog.pg_sleep(@pause / 1000.0);
    END LOOP;
END
