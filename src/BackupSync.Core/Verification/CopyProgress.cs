using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// How far a dump or restore is: tables that ended, and rows of those under way, which the server tells in
/// <c>pg_stat_progress_copy</c> (https://www.postgresql.org/docs/current/progress-reporting.html, from version 14 on).
/// </summary>
sealed class CopyProgress(DatabaseFingerprint content, string applicationName)
{
    readonly long _allRows = content.TotalRows();
    readonly long _allBytes = content.Tables.Values.Sum(t => t.Bytes);
    readonly HashSet<string> _ended = [];
    readonly Lock _gate = new();
    string? _current;
    long _rowsUnderWay;

    /// <summary>
    /// The rows done, the bytes they take on the source's disk (estimated for tables under way), and the table last begun.
    /// </summary>
    public (double Fraction, string? Table, long Rows, long Bytes) Now()
    {
        lock (_gate)
        {
            var rows = Math.Min(_allRows, _ended.Sum(t => content.Tables[t].Rows) + _rowsUnderWay);
            var fraction = _allRows == 0 ? 1 : (double)rows / _allRows;
            return (fraction, _current, rows, (long)(fraction * _allBytes));
        }
    }

    public void Begin(string table)
    {
        lock (_gate)
            _current = table;
    }

    public void End(string table)
    {
        lock (_gate)
        {
            // What the server told of it last must not be counted twice.
            if (content.Tables.TryGetValue(table, out var fingerprint) && _ended.Add(table))
                _rowsUnderWay = Math.Max(0, _rowsUnderWay - fingerprint.Rows);
        }
    }

    /// <summary>Asks the server about tables under way. A session of any database of the server will do.</summary>
    public async Task AskAsync(PgSession session, CancellationToken cancellationToken)
    {
        if (session.ServerVersion.Major < 14)
            return;
        // Views on running sessions are read once per transaction, and the session that holds a snapshot is in one.
        var rows = await session.RowsAsync(
            $"""
            SELECT coalesce(sum(p.tuples_processed), 0)
            FROM (SELECT pg_catalog.pg_stat_clear_snapshot()) cleared, pg_catalog.pg_stat_progress_copy p
            JOIN pg_catalog.pg_stat_activity a USING (pid) WHERE a.application_name = {Sql.Literal(applicationName)}
            """, cancellationToken);
        lock (_gate)
            _rowsUnderWay = rows[0].Long(0);
    }
}
