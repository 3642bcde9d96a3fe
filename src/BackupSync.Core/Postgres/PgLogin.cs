namespace BackupSync.Postgres;

/// <summary>Who logs in where, and under which name the server's administrators see it.</summary>
/// <param name="Label">The database's name as an operator knows it; stands in messages.</param>
/// <param name="ApplicationName">Starts with <c>backupsync</c>; see <see cref="RunTag"/>.</param>
/// <param name="ReadOnly">Sessions refuse to write: for the source (DESIGN rule 1).</param>
public sealed record PgLogin(string Label, DatabaseAddress Address, string ApplicationName, bool ReadOnly)
{
    public PgLogin WithDatabase(string database) => this with { Address = Address.WithDatabase(database) };
}
