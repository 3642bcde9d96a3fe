namespace BackupSync.Postgres;

public enum DatabaseProvider
{
    PostgreSQL,
    Neon,
    Railway,
    CockroachDB,
}
