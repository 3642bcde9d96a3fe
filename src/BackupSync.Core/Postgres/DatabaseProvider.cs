namespace BackupSync.Postgres;

public enum DatabaseProvider
{
    PostgreSql,
    Neon,
    Railway,
    CockroachDb,
}
