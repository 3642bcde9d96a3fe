-- Runs every statement of the table pg_temp.backupsync_tries, as the role that is named with it where there is one, and keeps there why
-- one was refused.
DO $try$
DECLARE
    entry record;
    own pg_catalog.text := pg_catalog.current_setting('role');
BEGIN
    FOR entry IN SELECT id, statement, role FROM pg_temp.backupsync_tries ORDER BY id
    LOOP
        BEGIN
            IF entry.role IS NOT NULL THEN
                PERFORM pg_catalog.set_config('role', entry.role, true);
            END IF;
            EXECUTE entry.statement;
            PERFORM pg_catalog.set_config('role', own, true);
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected OR out_of_memory OR disk_full THEN
                RAISE;
            WHEN OTHERS THEN
                UPDATE pg_temp.backupsync_tries SET refused = SQLERRM, code = SQLSTATE WHERE id = entry.id;
        END;
    END LOOP;
END
$try$
