-- Runs every statement of the table pg_temp.backupsync_privileges, and keeps there why one was refused. An object that the
-- new content does not have any more takes its grants along; that is no refusal.
DO $carry$
DECLARE
    entry record;
BEGIN
    FOR entry IN SELECT id, statement FROM pg_temp.backupsync_privileges ORDER BY id
    LOOP
        BEGIN
            EXECUTE entry.statement;
        EXCEPTION
            WHEN undefined_table OR undefined_object OR undefined_function OR undefined_column OR invalid_schema_name OR wrong_object_type THEN
                NULL;
            WHEN OTHERS THEN
                UPDATE pg_temp.backupsync_privileges SET refused = SQLERRM WHERE id = entry.id;
        END;
    END LOOP;
END
$carry$
