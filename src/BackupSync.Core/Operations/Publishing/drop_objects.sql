-- Runs the statements of pg_temp.backupsync_drops, all of them or none. In one go they can stumble over each other: a partition's constraint
-- goes with its parent's alone, and a base type takes its functions with it. Then each is tried by itself, as often as some still succeed.
DO $drop$
DECLARE
    entry record;
    dropped int;
    refusal text;
    refusal_detail text;
    relations bigint;
BEGIN
    -- An operator that was only announced, as another's commutator or negator, is in no dump, and keeps its types from being dropped.
    INSERT INTO pg_temp.backupsync_drops
    SELECT -1, pg_catalog.format('DROP OPERATOR IF EXISTS %I.%s (%s, %s)', n.nspname, o.oprname,
               CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.oprleft, NULL) END, pg_catalog.format_type(o.oprright, NULL)), false
    FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    WHERE o.oprcode = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e');
    BEGIN
        FOR entry IN SELECT statement FROM pg_temp.backupsync_drops WHERE NOT goes_with_its_table ORDER BY id
        LOOP
            EXECUTE entry.statement;
        END LOOP;
        RETURN;
    EXCEPTION
        WHEN lock_not_available OR query_canceled OR out_of_memory THEN
            RAISE;
        WHEN OTHERS THEN
            NULL;
    END;
    LOOP
        dropped := 0;
        refusal := NULL;
        FOR entry IN SELECT id, statement FROM pg_temp.backupsync_drops ORDER BY id
        LOOP
            BEGIN
                EXECUTE entry.statement;
                DELETE FROM pg_temp.backupsync_drops WHERE id = entry.id;
                dropped := dropped + 1;
            EXCEPTION
                WHEN lock_not_available OR query_canceled OR out_of_memory THEN
                    RAISE;
                WHEN undefined_table OR undefined_object OR undefined_function OR undefined_column OR invalid_schema_name THEN
                    DELETE FROM pg_temp.backupsync_drops WHERE id = entry.id; -- gone with another
                    dropped := dropped + 1;
                WHEN OTHERS THEN
                    IF refusal IS NULL THEN
                        GET STACKED DIAGNOSTICS refusal := MESSAGE_TEXT, refusal_detail := PG_EXCEPTION_DETAIL;
                    END IF;
            END;
        END LOOP;
        EXIT WHEN refusal IS NULL;
        -- A range type and the function that makes its values canonical need each other. Nothing but functions may go with a type.
        IF dropped = 0 THEN
            SELECT count(*) INTO relations FROM pg_catalog.pg_attribute WHERE NOT attisdropped;
            FOR entry IN SELECT id, statement FROM pg_temp.backupsync_drops WHERE statement ~ '^DROP TYPE [^;]*;\s*$' ORDER BY id
            LOOP
                BEGIN
                    EXECUTE pg_catalog.regexp_replace(entry.statement, ';\s*$', ' CASCADE');
                    IF relations <> (SELECT count(*) FROM pg_catalog.pg_attribute WHERE NOT attisdropped) THEN
                        RAISE dependent_objects_still_exist;
                    END IF;
                    DELETE FROM pg_temp.backupsync_drops WHERE id = entry.id;
                    dropped := dropped + 1;
                EXCEPTION
                    WHEN dependent_objects_still_exist THEN
                        NULL;
                END;
            END LOOP;
        END IF;
        IF dropped = 0 THEN
            RAISE EXCEPTION '%', refusal USING DETAIL = refusal_detail,
                HINT = 'What another session has made meanwhile is not replaced; the next run knows of it.';
        END IF;
    END LOOP;
END
$drop$;
