using System.Collections.Concurrent;
using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Verification;

/// <summary>Computes a <see cref="DatabaseFingerprint"/> in the server: only sums travel.</summary>
static class FingerprintReader
{
    /// <summary>
    /// Told before and after each table: its name, the tables done so far, all tables, and what was read of it; null before.
    /// </summary>
    public delegate void OnTable(string table, int done, int all, TableFingerprint? read);

    /// <summary>The method both servers know.</summary>
    public static FingerprintMethod MethodFor(bool content, params int[] majors) =>
        !content ? FingerprintMethod.RowsOnly
        : majors.All(m => m >= 14) ? FingerprintMethod.ValueHash
        : FingerprintMethod.ValueText;

    /// <summary>The same for sums that are compared within one run, and not kept.</summary>
    public static FingerprintMethod MethodForRun(params int[] majors) =>
        MethodFor(content: true, majors) is var method && method == FingerprintMethod.ValueHash ? FingerprintMethod.RunHash : method;

    /// <param name="runners">Sessions that see one snapshot; the tables are shared out among them.</param>
    /// <param name="who">Stands in the message if it may not.</param>
    /// <exception cref="BackupSyncException">The role may not read everything; the message names what.</exception>
    public static async Task<DatabaseFingerprint> ReadAsync(
        IReadOnlyList<IQueryRunner> runners, FingerprintMethod method, CatalogFilter filter, OnTable? onTable,
        CancellationToken cancellationToken,
        string who = "The role", bool withDetails = true)
    {
        var first = runners[0];
        var major = PgVersion.OfNumber(
            (await first.RowsAsync("SELECT current_setting('server_version_num')", cancellationToken))[0].Int(0)).Major;
        var tables = await TableColumns.ReadAsync(first, filter, cancellationToken);
        var sequences = filter.TablesOnly ? [] : await ListSequencesAsync(first, filter, cancellationToken);
        EnsureReadable(tables.Where(t => !t.Readable).Select(t => t.Key)
            .Concat(sequences.Where(s => !s.Readable).Select(s => s.Name.Display)), who);

        var kinds = await CatalogKinds.ReadAsync(first, cancellationToken);
        return new DatabaseFingerprint
        {
            ServerMajor = major,
            Locale = await DatabaseLocale.ReadAsync(first, cancellationToken),
            Method = method,
            Tables = await ReadTablesAsync(runners, tables, method, filter, onTable, cancellationToken),
            Sequences = (await ReadSequencesAsync(first, sequences, cancellationToken))
                .ToDictionary(s => s.Key.Display, s => s.Value),
            LargeObjects = filter.TablesOnly
                ? new LargeObjectFingerprint(0, null)
                : await ReadLargeObjectsAsync(first, method, cancellationToken),
            Objects = await ReadObjectsAsync(first, major, filter, kinds, cancellationToken),
            Details = withDetails ? await SchemaDetails.ReadAsync(first, major, filter, kinds, cancellationToken) : null,
        };
    }

    /// <summary>The schema alone: see <see cref="DatabaseFingerprint.Objects"/>.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ReadObjectsAsync(
        IQueryRunner runner, int major, CatalogFilter filter, CatalogKinds kinds, CancellationToken cancellationToken) =>
        (await runner.RowsAsync(CatalogQueries.Objects(filter, kinds, hasMultirange: major >= 14), cancellationToken)).ToDictionary(
            CatalogQueries.ObjectKey,
            o => o.TextOrNull(4) ?? "");

    static async Task<IReadOnlyDictionary<string, TableFingerprint>> ReadTablesAsync(
        IReadOnlyList<IQueryRunner> runners, IReadOnlyList<TableColumns> tables, FingerprintMethod method, CatalogFilter filter,
        OnTable? onTable, CancellationToken cancellationToken)
    {
        var found = new ConcurrentDictionary<string, TableFingerprint>();
        int done = 0;
        // Largest first, so that no session ends long after the others.
        await WorkSharing.RunAsync(runners, tables, async (runner, table, stop) =>
        {
            onTable?.Invoke(table.Key, Volatile.Read(ref done), tables.Count, null);
            var fingerprint = filter.Empty.Contains(table.Oid)
                ? new TableFingerprint(0, method == FingerprintMethod.RowsOnly ? null : "0", 0)
                : await ReadTableAsync(runner, table, method, stop);
            found[table.Key] = fingerprint;
            onTable?.Invoke(table.Key, Interlocked.Increment(ref done), tables.Count, fingerprint);
        }, cancellationToken, whenDone: (runner, stop) => runner.ReleaseAsync(stop));
        return found.OrderBy(t => t.Key, StringComparer.Ordinal).ToDictionary();
    }

    public static async Task<TableFingerprint> ReadTableAsync(
        IQueryRunner runner,
        TableColumns table,
        FingerprintMethod method,
        CancellationToken cancellationToken)
    {
        Row row;
        try
        {
            if (table.CannotBePlanned)
                return new TableFingerprint(await runner.CountAsync(table.Name, cancellationToken), null, table.Bytes);
            row = (await ReadingPath.RowsAsync(runner, table, table.FingerprintQuery(method), cancellationToken))[0];
        }
        catch (PgQueryException locked) when (locked.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new BackupSyncException(
                ErrorIds.StatisticsFailed,
                $"{table.Key} cannot be read: another session has locked it, and did not give it back in time.",
                "Run it when no migration runs.",
                locked);
        }
        return new TableFingerprint(
            row.Long(0),
            method == FingerprintMethod.RowsOnly ? null : row.TextOrNull(1),
            table.Bytes) { BaseHash = row.TextOrNull(2) };
    }

    /// <param name="names">Null for all.</param>
    /// <returns>In the order of what their names are shown as.</returns>
    public static async Task<IReadOnlyDictionary<ObjectName, SequenceFingerprint>> ReadSequencesAsync(
        IQueryRunner runner, CatalogFilter filter, IReadOnlySet<ObjectName>? names, CancellationToken cancellationToken)
    {
        var all = await ListSequencesAsync(runner, filter, cancellationToken);
        return await ReadSequencesAsync(runner, all.Where(s => names?.Contains(s.Name) != false), cancellationToken);
    }

    static async Task<List<CatalogQueries.Sequence>> ListSequencesAsync(
        IQueryRunner runner, CatalogFilter filter, CancellationToken cancellationToken) =>
        (await runner.RowsAsync(CatalogQueries.Sequences(filter), cancellationToken)).ConvertAll(CatalogQueries.Sequence.Of);

    static async Task<IReadOnlyDictionary<ObjectName, SequenceFingerprint>> ReadSequencesAsync(
        IQueryRunner runner, IEnumerable<CatalogQueries.Sequence> sequences, CancellationToken cancellationToken)
    {
        var found = new List<(ObjectName Name, SequenceFingerprint Value)>();
        // A few hundred to a query: one round trip for most databases, and no statement too long to parse.
        foreach (var some in sequences.Chunk(200))
        {
            var select = string.Join(" UNION ALL ", some.Select((s, i) =>
                s.Start is { } start
                    ? $"SELECT {i}, {start}, false"
                    : $"SELECT {i}, last_value, is_called FROM {s.Name.Qualified}"));
            await runner.EnsureTablesAsync(select, cancellationToken); // also for who writes
            var rows = await runner.RowsAsync(select, cancellationToken);
            found.AddRange(rows.Select(r => (some[r.Int(0)].Name, new SequenceFingerprint(r.Long(1), r.Flag(2)))));
            await runner.ReleaseAsync(cancellationToken); // a lock for each of them
        }
        return found.OrderBy(s => s.Name.Display, StringComparer.Ordinal).ToDictionary(s => s.Name, s => s.Value);
    }

    public static async Task<LargeObjectFingerprint> ReadLargeObjectsAsync(
        IQueryRunner runner,
        FingerprintMethod method,
        CancellationToken cancellationToken)
    {
        var hash = method == FingerprintMethod.RowsOnly
            ? "0"
            : "coalesce(sum(pg_catalog.hashtextextended(oid::text || ' ' || pg_catalog.md5(pg_catalog.lo_get(oid)), 0)), 0)";
        var row = (await runner.RowsAsync($"SELECT count(*), {hash} FROM pg_catalog.pg_largeobject_metadata", cancellationToken))[0];
        return new LargeObjectFingerprint(
            row.Long(0),
            method == FingerprintMethod.RowsOnly ? null : row.TextOrNull(1));
    }

    static void EnsureReadable(IEnumerable<string> refused, string who)
    {
        var names = refused.ToList();
        if (names.Count == 0)
            return;
        throw new BackupSyncException(ErrorIds
            .PrivilegeMissing, $"{who} may not read {NameList.Of(names)}; what cannot be read can be neither copied nor compared.",
            "GRANT USAGE ON SCHEMA … and GRANT SELECT ON ALL TABLES IN SCHEMA … and ON ALL SEQUENCES IN SCHEMA … TO the role, or GRANT "
                + "pg_read_all_data; what the source need not copy can be listed under exclude.");
    }
}
