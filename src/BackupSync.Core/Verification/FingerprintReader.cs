using System.Collections.Concurrent;
using System.Globalization;
using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Verification;

/// <summary>Computes a <see cref="DatabaseFingerprint"/> in the server: only sums travel.</summary>
static class FingerprintReader
{
    /// <summary>Told after each table: its name, the tables done so far, all tables, the rows and bytes done so far.</summary>
    public delegate void OnTable(string table, int done, int all, long rows, long bytes);

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
        var major = int.Parse(
            (await first.RowsAsync("SELECT current_setting('server_version_num')::int / 10000", cancellationToken))[0][0]!,
            CultureInfo.InvariantCulture);
        var tables = await TableColumns.ReadAsync(first, filter, cancellationToken);
        var sequences = filter.TablesOnly ? [] : await first.RowsAsync(CatalogQueries.Sequences(filter), cancellationToken);
        EnsureReadable(tables.Where(t => !t.Readable).Select(t => t.Key)
            .Concat(sequences.Where(s => s[2] == "f").Select(s => Sql.Display(s[0]!, s[1]!))), who);

        var kinds = await CatalogKinds.ReadAsync(first, cancellationToken);
        return new DatabaseFingerprint
        {
            ServerMajor = major,
            Locale = await DatabaseLocale.ReadAsync(first, cancellationToken),
            Method = method,
            Tables = await ReadTablesAsync(runners, tables, method, filter, onTable, cancellationToken),
            Sequences = await ReadSequencesAsync(first, sequences, cancellationToken),
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
            o => o[4] ?? "");

    static async Task<IReadOnlyDictionary<string, TableFingerprint>> ReadTablesAsync(
        IReadOnlyList<IQueryRunner> runners, IReadOnlyList<TableColumns> tables, FingerprintMethod method, CatalogFilter filter,
        OnTable? onTable, CancellationToken cancellationToken)
    {
        var found = new ConcurrentDictionary<string, TableFingerprint>();
        int done = 0;
        long rows = 0, bytes = 0;
        // Largest first, so that no session ends long after the others.
        await WorkSharing.RunAsync(runners, tables, async (runner, table, stop) =>
        {
            var fingerprint = filter.Empty.Contains(table.Oid)
                ? new TableFingerprint(0, method == FingerprintMethod.RowsOnly ? null : "0", 0)
                : await ReadTableAsync(runner, table, method, stop);
            found[table.Key] = fingerprint;
            onTable?.Invoke(table.Key, Interlocked.Increment(ref done), tables.Count,
                Interlocked.Add(ref rows, fingerprint.Rows), Interlocked.Add(ref bytes, fingerprint.Bytes));
        }, cancellationToken, whenDone: (runner, stop) => runner.ReleaseAsync(stop));
        return found.OrderBy(t => t.Key, StringComparer.Ordinal).ToDictionary();
    }

    public static async Task<TableFingerprint> ReadTableAsync(
        IQueryRunner runner,
        TableColumns table,
        FingerprintMethod method,
        CancellationToken cancellationToken)
    {
        string?[] row;
        try
        {
            if (table.CannotBePlanned)
                return new TableFingerprint(await runner.CountAsync(table.Schema, table.Name, cancellationToken), null, table.Bytes);
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
            long.Parse(row[0]!, CultureInfo.InvariantCulture),
            method == FingerprintMethod.RowsOnly ? null : row[1],
            table.Bytes) { BaseHash = row[2] };
    }

    /// <param name="names">Null for all.</param>
    public static async Task<IReadOnlyDictionary<string, SequenceFingerprint>> ReadSequencesAsync(
        IQueryRunner runner, CatalogFilter filter, IReadOnlySet<string>? names, CancellationToken cancellationToken)
    {
        var all = await runner.RowsAsync(CatalogQueries.Sequences(filter), cancellationToken);
        return await ReadSequencesAsync(runner, all.Where(n => names?.Contains(Sql.Display(n[0]!, n[1]!)) != false), cancellationToken);
    }

    static async Task<IReadOnlyDictionary<string, SequenceFingerprint>> ReadSequencesAsync(
        IQueryRunner runner, IEnumerable<string?[]> names, CancellationToken cancellationToken)
    {
        var sequences = new SortedDictionary<string, SequenceFingerprint>(StringComparer.Ordinal);
        // A few hundred to a query: one round trip for most databases, and no statement too long to parse.
        foreach (var some in names.Chunk(200))
        {
            var select = string.Join(" UNION ALL ", some.Select((n, i) =>
                n[3] is { } start
                    ? $"SELECT {i}, {start}, false"
                    : $"SELECT {i}, last_value, is_called FROM {Sql.Qualified(n[0]!, n[1]!)}"));
            await runner.EnsureTablesAsync(select, cancellationToken); // also for who writes
            var rows = await runner.RowsAsync(select, cancellationToken);
            foreach (var row in rows)
            {
                var name = some[int.Parse(row[0]!, CultureInfo.InvariantCulture)];
                sequences[Sql.Display(name[0]!, name[1]!)] = new SequenceFingerprint(
                    long.Parse(row[1]!, CultureInfo.InvariantCulture),
                    row[2] == "t");
            }
            await runner.ReleaseAsync(cancellationToken); // a lock for each of them
        }
        return sequences;
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
            long.Parse(row[0]!, CultureInfo.InvariantCulture),
            method == FingerprintMethod.RowsOnly ? null : row[1]);
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
