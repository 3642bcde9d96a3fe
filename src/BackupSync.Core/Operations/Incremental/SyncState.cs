using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSync.Configuration;
using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>What an incremental run leaves for the next one, in the target and in the transaction of the rows themselves.</summary>
/// <param name="Source">Which database it was read from: another one's stamps tell nothing.</param>
/// <param name="SourceServer">As <see cref="SourceMoment.Server"/>.</param>
/// <param name="SourceTransaction">
/// The source's next transaction when the snapshot was taken: it never goes back, unless the source itself does.
/// </param>
/// <param name="StateTable">The oid of the table this is kept in: another one has come from a dump.</param>
/// <param name="RunsSinceWhole">Runs since the whole content was compared.</param>
/// <param name="Objects">Of the source: one that is gone there was dropped; one that only the target has is its own.</param>
sealed record SyncState(
    string Source, string? SourceServer, ulong SourceTransaction, uint StateTable, DateTimeOffset SnapshotTime, int RunsSinceWhole,
    IReadOnlyDictionary<string, TableState> Tables, IReadOnlyList<string> Objects)
{
    /// <summary>Null in notes of earlier days: then whatever only the target has is its own.</summary>
    public OwnRows? Own { get; init; }

    /// <summary>Which side a row was taken from where both had one; null in notes of earlier days.</summary>
    public ConflictRule? Conflict { get; init; }

    /// <summary>As <see cref="WriteCounts.Beginning"/>.</summary>
    public string? CountsSince { get; init; }

    /// <summary>The same of the source.</summary>
    public string? SourceCountsSince { get; init; }

    const string Table = $"{CatalogQueries.StateSchema}.{CatalogQueries.StateTable}";
    static readonly NotesTable Notes = new(
        Table,
        "job text PRIMARY KEY, run_id text NOT NULL, snapshot_time timestamptz NOT NULL, state jsonb NOT NULL");

    /// <summary>Has ready what reads and writes the notes, as <see cref="RunHistory.Prepare"/> does.</summary>
    public static void Prepare() => _ = Preparation.Value;

    static readonly Lazy<Task> Preparation = new(() => Task.Run(() => Parse(JsonSerializer.Serialize(
        new SyncState(
            "", "", 0, 0, default, 0, new Dictionary<string, TableState> { [""] = new(default, new TableWrites("", 0, 0, 0), null) },
            [""]), SyncStateJson.Line))));

    static SyncState? Parse(string notes) => JsonSerializer.Deserialize<SyncState>(notes, SyncStateJson.Line);

    /// <summary>
    /// What a full sync leaves: which objects were the source's. What stamps tell from here on, an incremental run has to find first.
    /// </summary>
    public static async Task WriteAfterFullAsync(
        PgSession target,
        DatabaseFingerprint content,
        DateTimeOffset taken,
        string job,
        string runId,
        CancellationToken cancellationToken)
    {
        await target.ExecuteAsync("BEGIN", cancellationToken);
        await new SyncState("", null, 0, 0, taken, 0, new Dictionary<string, TableState>(), SchemaCheck.NamesOf(content)).WriteAsync(
            target, job, runId, cancellationToken);
        await target.ExecuteAsync("COMMIT", cancellationToken);
    }

    /// <returns>Null where there is none, or none that can be read.</returns>
    public static async Task<SyncState?> ReadAsync(IQueryRunner target, string job, CancellationToken cancellationToken)
    {
        if (!await Notes.IsThereAsync(target, cancellationToken))
            return null;
        var rows = await target.RowsAsync(
            $"SELECT state, '{Table}'::pg_catalog.regclass::oid FROM {Table} WHERE job = {Sql.Literal(job)}",
            cancellationToken);
        if (rows.Count == 0)
            return null;
        try
        {
            var state = Parse(rows[0].Text(0));
            if (state is not { IsWhole: true } || state.StateTable != rows[0].Oid(1))
                return null;
            return state.Own is { } own && !await own.AreThereAsync(target, job, cancellationToken) ? state with { Own = null } : state;
        }
        catch (JsonException)
        {
            return null; // of another version: as good as none
        }
    }

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.PrivilegeMissing"/>: what only shows at the end of a run is told at its beginning.
    /// </exception>
    public static async Task EnsureMayWriteAsync(TargetSide target, CancellationToken cancellationToken)
    {
        var row = (await target.Session.RowsAsync(
            $"""
            SELECT n.oid IS NOT NULL, pg_catalog.has_database_privilege(current_database(), 'TEMPORARY'),
                   (SELECT pg_catalog.string_agg(pg_catalog.format('ALTER %s %s OWNER TO %I;', o.kind, o.name, current_user), ' '
                       ORDER BY o.kind, o.name)
                    FROM (SELECT 'SCHEMA' AS kind, n.nspname::text AS name WHERE NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                          UNION ALL SELECT 'TABLE', pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
                          WHERE c.relnamespace = n.oid AND c.relkind = 'r' AND NOT (pg_catalog.has_table_privilege(c.oid, 'SELECT')
                                AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE'))) o)
            FROM (SELECT) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = '{CatalogQueries.StateSchema}'
            """, cancellationToken))[0];
        if (row.TextOrNull(2) is { } owners)
        {
            throw new BackupSyncException(ErrorIds.PrivilegeMissing,
                $"{target.Login.Label}: the notes of incremental runs, in the schema {CatalogQueries.StateSchema}, belong to another "
                    + $"role than '{target.Facts.Role}'.",
                $"Let their owner, or a superuser, say: {owners}");
        }
        var missing = !row.Flag(0) && !target.Facts.MayCreateInDatabase ? "CREATE" : !row.Flag(1) ? "TEMPORARY" : null;
        if (missing is not null)
        {
            throw new BackupSyncException(ErrorIds.PrivilegeMissing,
                $"{target.Login.Label}: the role '{target.Facts.Role}' lacks {missing} on the database, which incremental runs need "
                    + $"for {(missing == "CREATE" ? "their notes" : "the rows on their way")}.",
                $"GRANT {missing} ON DATABASE {Sql.Identifier(target.Facts.Database)} TO {Sql.Identifier(target.Facts.Role)};");
        }
    }

    /// <summary>What others have written into our notes may lack anything.</summary>
    [JsonIgnore]
    bool IsWhole => Source is not null && Objects?.All(o => o is not null) == true && Own is not { Ours: null }
        && Tables?.Values.All(t => t is { Writes.FileNodes: not null, Source: null or { Writes.FileNodes: not null } }) == true;

    /// <summary>Counts what a run of ours has written in vain as ours.</summary>
    public Task AddAsync(IReadOnlyDictionary<string, TableWrites> vain, PgSession target, string job, CancellationToken cancellationToken)
    {
        var state = this with { Tables = Tables.ToDictionary(
            t => t.Key,
            t => vain.TryGetValue(t.Key, out var written) ? t.Value with { Writes = t.Value.Writes.And(written) } : t.Value) };
        return target.ExecuteAsync(
            $"UPDATE {Table} SET state = {Sql.Literal(JsonSerializer.Serialize(state, SyncStateJson.Line))} WHERE job = {Sql.Literal(job)}",
            cancellationToken);
    }

    public async Task WriteAsync(PgSession target, string job, string runId, CancellationToken cancellationToken)
    {
        await Notes.EnsureAsync(target, cancellationToken);
        var oid = (await target.RowsAsync($"SELECT '{Table}'::pg_catalog.regclass::oid", cancellationToken))[0].Oid(0);
        var state = JsonSerializer.Serialize(this with { StateTable = oid }, SyncStateJson.Line);
        await target.ExecuteAsync(
            $"""
            INSERT INTO {Table} (job, run_id, snapshot_time, state)
            VALUES ({Sql.Literal(job)}, {Sql.Literal(runId)}, {Sql.Literal(SnapshotTime.ToString("O", CultureInfo.InvariantCulture))},
                {Sql.Literal(state)})
            ON CONFLICT (job) DO UPDATE SET run_id = EXCLUDED.run_id, snapshot_time = EXCLUDED.snapshot_time, state = EXCLUDED.state
            """, cancellationToken);
    }
}

/// <summary>A table of the target as a run left it.</summary>
/// <param name="Watermark">Rows stamped later are looked at by the next run; null where no stamps were read.</param>
/// <param name="Writes">By the server's statistics. Others' writes raise them; a crash sets them to zero.</param>
/// <param name="Source">What the source's table was then.</param>
sealed record TableState(DateTimeOffset? Watermark, TableWrites Writes, SourceTable? Source)
{
    /// <summary>The column that the watermark is of; null in notes of earlier days.</summary>
    public string? Stamp { get; init; }

    /// <summary>As <see cref="ColumnIdentities"/> has them of the target.</summary>
    public string? Columns { get; init; }

    /// <summary>As <see cref="OwnRows.ShapeOf"/>.</summary>
    public string? Key { get; init; }
}
