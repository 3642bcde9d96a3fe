using System.Text.RegularExpressions;
using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// How far the rows of a dump or restore are: tables that ended, and the rows of those under way, which the server tells in
/// <c>pg_stat_progress_copy</c> (https://www.postgresql.org/docs/current/progress-reporting.html, from version 14 on).
/// </summary>
/// <param name="database">The only one that is meant, by its name on the server; null for any.</param>
sealed partial class CopyProgress(DatabaseFingerprint content, string applicationName, string? database = null)
{
    readonly long _allRows = content.TotalRows();
    readonly HashSet<string> _ended = [];
    readonly List<string> _underWay = [];
    readonly Lock _gate = new();
    IReadOnlyDictionary<string, long> _rows = new Dictionary<string, long>();
    string? _built;

    /// <summary>
    /// The share of all rows that is done, and the table under way with its own rows; where none is, what is built of them, such as
    /// <c>index users_name</c>.
    /// </summary>
    public (double Fraction, string? Item, long? Rows, long? OfRows) Now()
    {
        lock (_gate)
        {
            var rows = _ended.Sum(t => content.Tables[t].Rows) + _rows.Where(t => !_ended.Contains(t.Key)).Sum(t => t.Value);
            var fraction = _allRows == 0 ? 1 : Math.Min(1, (double)rows / _allRows);
            if ((_underWay.FindLast(_rows.ContainsKey) ?? _underWay.LastOrDefault()) is not { } table)
                return (fraction, _built, null, null);
            var of = content.Tables.GetValueOrDefault(table)?.Rows;
            return (fraction, table, _rows.TryGetValue(table, out var own) ? own : null, of);
        }
    }

    public void Begin(string table)
    {
        lock (_gate)
            if (!_underWay.Contains(table))
                _underWay.Add(table);
    }

    public void End(string table)
    {
        lock (_gate)
            EndUnlocked(table);
    }

    /// <summary>Asks the server about what is under way. A session of any database of the server will do.</summary>
    /// <param name="isOrdered">
    /// Whether tables are loaded in the order in which they were begun, by a script that was written before: only the server knows how far
    /// that is.
    /// </param>
    public async Task AskAsync(PgSession session, bool isOrdered, CancellationToken cancellationToken)
    {
        if (session.ServerVersion.Major < 14)
            return;
        // Views on running sessions are read once per transaction, and the session that holds a snapshot is in one.
        var found = await session.RowsAsync(
            $"""
            SELECT a.query, p.tuples_processed
            FROM (SELECT pg_catalog.pg_stat_clear_snapshot()) cleared, pg_catalog.pg_stat_activity a
            LEFT JOIN pg_catalog.pg_stat_progress_copy p USING (pid)
            WHERE a.application_name = {Sql.Literal(applicationName)} AND a.state = 'active' AND a.pid <> pg_catalog.pg_backend_pid()
            {(database is null ? "" : $"AND a.datname = {Sql.Literal(database)}")}
            """, cancellationToken);
        var rows = new Dictionary<string, long>();
        foreach (var row in found)
        {
            // The relation's number tells nothing in another database.
            if (row.LongOrNull(1) is { } copied && TableOf(row.TextOrNull(0) ?? "") is { } table)
                rows[table] = copied;
        }
        var built = found.Select(r => BuiltBy(r.TextOrNull(0) ?? "")).OfType<string>().FirstOrDefault();
        lock (_gate)
        {
            (_rows, _built) = (rows, built);
            if (!isOrdered)
                return;
            foreach (var table in _underWay.TakeWhile(t => built is not null || (rows.Count > 0 && !rows.ContainsKey(t))).ToList())
                EndUnlocked(table);
        }
    }

    /// <summary>The table that a COPY fills or reads, as a manifest names it; null where it is none.</summary>
    internal static string? TableOf(string statement) =>
        Copy().Match(statement) is { Success: true } copy ? ObjectName.OfKey(copy.Groups["table"].Value).Display : null;

    /// <summary>What a statement builds of rows that are there; null where it builds nothing.</summary>
    internal static string? BuiltBy(string statement) => Building().Match(statement) is { Success: true } building
        ? $"{(building.Groups["kind"].Success ? building.Groups["kind"].Value.ToLowerInvariant() : "constraint")} "
            + building.Groups["name"].Value
        : null;

    void EndUnlocked(string table)
    {
        _underWay.Remove(table);
        if (content.Tables.ContainsKey(table))
            _ended.Add(table);
    }

    [GeneratedRegex("""(?i)^\s*COPY\s+(?<table>("([^"]|"")+"|[^\s"(.]+)\.("([^"]|"")+"|[^\s"(.]+))[\s(]""")]
    private static partial Regex Copy();

    [GeneratedRegex("""
        (?isx)^\s*( CREATE\s+(UNIQUE\s+)?(?<kind>INDEX) | REFRESH\s+(?<kind>MATERIALIZED\s+VIEW) | ALTER\s+TABLE\s.*?\sADD\s+CONSTRAINT )
        \s+(?<name>("([^"]|"")+"|[^\s"(.]+)(\.("([^"]|"")+"|[^\s"(.;]+))?)
        """)]
    private static partial Regex Building();
}
