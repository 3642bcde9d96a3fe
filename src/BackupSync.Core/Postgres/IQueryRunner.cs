using System.Text;

namespace BackupSync.Postgres;

/// <summary>
/// Runs a SELECT and gives its rows as text. Two things can: a connection of ours, and the psql session that restores in
/// one transaction, whose uncommitted content nobody else could see. Both speak COPY's text format.
/// </summary>
interface IQueryRunner
{
    /// <param name="select">A SELECT without parameters and without a closing semicolon.</param>
    Task<List<Row>> RowsAsync(string select, CancellationToken cancellationToken);

    /// <summary>Runs a statement that gives nothing back, such as ANALYZE.</summary>
    Task ExecuteAsync(string statement, CancellationToken cancellationToken);

    /// <summary>
    /// Counts the rows of a table, without its children's, as they come by COPY: for one that no query can be planned on.
    /// </summary>
    Task<long> CountAsync(ObjectName table, CancellationToken cancellationToken) =>
        throw new BackupSyncException(
            ErrorIds.StatisticsFailed,
            $"{table.Display} cannot be read: an index, statistics or partitions of it compute something that is not there.",
            "EXPLAIN SELECT FROM the table tells what. Drop it, or bring back what it needs.");

    /// <summary>Refuses a SELECT that reads anything but tables and sequences, where a session may be led to something else.</summary>
    Task EnsureTablesAsync(string select, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Gives back the locks that are held on what was read, where they can be and would outlast the statement.</summary>
    Task ReleaseAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>The text format of COPY: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2</summary>
static class CopyText
{
    public static string?[] Fields(string line) => [.. line.Split('\t').Select(Unescape)];

    /// <summary>What stands between two tabs of a line; null where that is the mark of a null.</summary>
    public static string? Unescape(string field)
    {
        if (field == "\\N")
            return null;
        if (!field.Contains('\\', StringComparison.Ordinal))
            return field;
        var text = new StringBuilder(field.Length);
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] != '\\' || i == field.Length - 1)
            {
                text.Append(field[i]);
                continue;
            }
            i++;
            text.Append(field[i] switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\v',
                var other => other,
            });
        }
        return text.ToString();
    }
}
