using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>
/// The changes of one table, brought to temporary tables in the target's transaction: whole rows as the source has them, each with
/// the hash that the source computed of it, and the keys of rows to delete.
/// </summary>
sealed class StagedTable(KeyedTable table, FingerprintMethod method, PgSession target, int number)
{
    /// <summary>PostgreSQL's limit.</summary>
    const int MostColumns = 1600;

    string HashColumn => Table.Own + "hash";

    readonly string _rows = $"pg_temp.backupsync_rows_{number}";
    readonly string _hashes = $"pg_temp.backupsync_hashes_{number}";
    readonly string _keys = $"pg_temp.backupsync_keys_{number}";
    readonly string _kept = $"pg_temp.backupsync_kept_{number}";
    readonly string _spared = $"pg_temp.backupsync_spared_{number}";
    readonly string _surplus = $"pg_temp.backupsync_surplus_{number}";
    readonly string _pairs = $"pg_temp.backupsync_pairs_{number}";
    bool _hasRows, _hasKeys, _hasKept, _hasSurplus, _mayDeleteSurplus, _isPaired;
    (long Inserted, long Updated)? _merged;
    int _fillings;

    public KeyedTable Table { get; } = table;

    /// <summary>The table of staged rows; null where there are none.</summary>
    public string? StagedRows => _hasRows && Rows > 0 ? _rows : null;

    /// <summary>Rows staged, and keys of rows to delete.</summary>
    public long Rows { get; private set; }
    public long Deletions { get; private set; }

    /// <summary>A table of the keys of rows that only the target has, and keeps; null where there are none.</summary>
    public string? Spared { get; private set; }

    /// <summary>How many these are.</summary>
    public long SparedRows { get; private set; }

    /// <summary>Of the rows to delete those that staged ones overlap: see <see cref="SettleOverlapsAsync"/>.</summary>
    public long Overlapped { get; private set; }

    /// <summary>Rows that were written only to be out of the way, or twice, for <see cref="Late"/>.</summary>
    public long Parked { get; set; }

    /// <summary>Rows that were taken away, to be inserted again.</summary>
    public long Again { get; private set; }

    /// <summary>What was written only to see whether it could be; the server counts it.</summary>
    public (long Inserted, long Updated, long Deleted) Vain { get; private set; }

    /// <summary>Rows to delete that went before the others were written.</summary>
    public long DeletedEarly { get; set; }

    /// <summary>Columns that stay NULL where the row that they refer to comes later: see <see cref="ForeignKeyOrder"/>.</summary>
    public IReadOnlyList<LateColumn> Late { get; set; } = [];

    public bool IsTouched => Rows > 0 || Deletions > 0 || _isPaired;

    string Columns => string.Join(", ", Table.Table.Columns.Select(c => Sql.Identifier(c.Name)));
    string Hash => Table.Table.Hashed.Count == 0 ? "0::bigint" : Table.Table.RowHash(method);
    string Target => Table.Table.Rows;

    /// <summary>
    /// Whether the hash has a column beside those of the row; else it stands in a table of its own, by key; without a key nowhere.
    /// </summary>
    bool HasRoom => Table.Table.Columns.Count < MostColumns;

    /// <summary>What is read of the source: all columns and the row's hash.</summary>
    public string SelectFromSource(string where = "") =>
        $"SELECT {Columns}{(Columns.Length == 0 ? "" : ", ")}{Hash} AS {HashColumn} FROM {Target} AS t {where}";

    /// <summary>Copies rows from the source as they are.</summary>
    /// <returns>Bytes.</returns>
    public async Task<long> FillAsync(PgSession source, string select, Action<long> onRows, CancellationToken cancellationToken)
    {
        var hash = $"0::bigint AS {HashColumn}";
        var (bytes, rows) = HasRoom
            ? await CopyAsync(source, select, _rows, Columns.Length == 0 ? hash : $"{Columns}, {hash}", onRows, cancellationToken)
            : await CopyAsync(source, $"SELECT {Columns} FROM ({select}) AS r", _rows, Columns, onRows, cancellationToken);
        if (rows == 0)
            return bytes;
        if (!HasRoom && Table.HasKey)
        {
            var (more, _) = await CopyAsync(source, $"SELECT {Table.KeyList()}, {HashColumn} FROM ({select}) AS r", _hashes,
                $"{Table.KeyList()}, {hash}", _ => { }, cancellationToken);
            bytes += more;
        }
        (_hasRows, _fillings) = (true, _fillings + 1);
        Rows += rows;
        return bytes;
    }

    /// <param name="columns">Of the temporary table, as SELECT takes them.</param>
    async Task<(long Bytes, long Rows)> CopyAsync(
        PgSession source, string select, string table, string columns, Action<long> onRows, CancellationToken cancellationToken)
    {
        long bytes = 0, rows = 0;
        await source.CopyOutAsync(select, async (from, ct) =>
        {
            var buffer = new byte[128 * 1024];
            var count = await from.ReadAsync(buffer, ct);
            // Most tables have no changes, and a temporary table takes several locks, of which a server has only so many.
            if (count == 0)
                return;
            if (!_hasRows)
            {
                await target.DefineAsync(
                    $"CREATE TEMPORARY TABLE {Bare(table)} ON COMMIT DROP AS SELECT {columns} FROM {Target} WITH NO DATA", ct);
            }
            try
            {
                await target.CopyInAsync($"COPY {table} FROM STDIN", WriteAsync, ct);
            }
            catch (PgQueryException refused) when (refused.SqlState is not null && refused.ErrorId == ErrorIds.Unexpected)
            {
                throw new PgQueryException(refused.ErrorId, $"{refused.Message} So a row of {Table.Name} cannot be written there.",
                    "Values that name a role or another object, or whose type goes by a collation, need the same on the target: make "
                        + "it there, then run again.", refused.SqlState, refused);
            }

            async Task WriteAsync(Stream into, CancellationToken stop)
            {
                for (; count > 0; count = await from.ReadAsync(buffer, stop))
                {
                    await into.WriteAsync(buffer.AsMemory(0, count), stop);
                    bytes += count;
                    rows += buffer.AsSpan(0, count).Count((byte)'\n');
                    onRows(rows);
                }
            }
        }, cancellationToken);
        return (bytes, rows);
    }

    /// <summary>Copies the rows of some keys.</summary>
    public Task<long> FillAsync(PgSession source, IReadOnlyList<string> keys, CancellationToken cancellationToken) =>
        FillAsync(
            source,
            SelectFromSource($"WHERE EXISTS (SELECT FROM {Table.KeysAsRows(keys, "k")} WHERE {Table.SameKey("t", "k")})"),
            _ => { },
            cancellationToken);

    /// <summary>Forgets what was staged.</summary>
    public async Task ClearAsync(CancellationToken cancellationToken)
    {
        await target.DefineAsync($"DROP TABLE IF EXISTS {_rows}, {_hashes}, {_keys}", cancellationToken);
        (_hasRows, _hasKeys, _fillings, Rows, Deletions) = (false, false, 0, 0, 0);
    }

    /// <param name="keys">As <see cref="KeyDifference.Key"/> has them.</param>
    public async Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        await EnsureKeysAsync(cancellationToken);
        await target.CopyInAsync($"COPY {_keys} FROM STDIN", async (into, ct) =>
        {
            await using var writer = new StreamWriter(into, new System.Text.UTF8Encoding(false), leaveOpen: true);
            foreach (var key in keys)
                await writer.WriteAsync((key + "\n").AsMemory(), ct);
        }, cancellationToken);
        Deletions += keys.Count;
    }

    async Task EnsureKeysAsync(CancellationToken cancellationToken)
    {
        if (_hasKeys)
            return;
        await target.DefineAsync(
            $"CREATE TEMPORARY TABLE {Bare(_keys)} ON COMMIT DROP AS SELECT {Table.KeyList()} FROM {Target} WITH NO DATA",
            cancellationToken);
        _hasKeys = true;
    }

    /// <summary>Leaves only what is really to be changed.</summary>
    /// <returns>Rows that are the same on both sides already.</returns>
    public async Task<long> TidyAsync(CancellationToken cancellationToken)
    {
        if (!Table.HasKey)
            return 0;
        long unchanged = 0;
        if (_hasRows)
        {
            if (_fillings > 1)
                Rows -= await target.AffectedAsync(
                    $"DELETE FROM {_rows} AS a USING {_rows} AS b WHERE a.ctid < b.ctid AND {Table.SameKey("a", "b")}",
                    cancellationToken);
            await target.ExecuteAsync($"ANALYZE {_rows}", cancellationToken);
            unchanged = await target.AffectedAsync($"DELETE FROM {_rows} AS s "
                + $"{(HasRoom ? "WHERE" : $"USING {_hashes} AS h WHERE {Table.SameKey("h", "s")} AND")} {HashOfSource} = "
                + $"({HashOnTarget})", cancellationToken);
            Rows -= unchanged;
        }
        // A key that is only spelled differently, as 1.0 and 1.00 are or texts that a collation takes for equal, is one and the same row.
        if (_hasKeys && _hasRows)
            Deletions -= await target.AffectedAsync(
                $"DELETE FROM {_keys} AS k WHERE EXISTS (SELECT FROM {_rows} AS s WHERE {Table.SameKey("s", "k")})",
                cancellationToken);
        return unchanged;
    }

    /// <summary>Leaves the target's rows where these are newer than what the source has of them, or are its own.</summary>
    /// <param name="stamp">Null where the table has none: then a row that both have is the source's.</param>
    /// <param name="own">As <see cref="OwnRows.Condition"/>; null where nobody knows which are.</param>
    /// <returns>How many rows were kept.</returns>
    public async Task<long> KeepNewerAsync(TableColumn? stamp, string? own, CancellationToken cancellationToken)
    {
        long kept = 0, spared = 0;
        if (_hasRows && stamp is not null)
        {
            var column = Sql.Identifier(stamp.Name);
            await EnsureKeptAsync();
            kept = await KeepAsync($"DELETE FROM {_rows} AS s WHERE EXISTS (SELECT FROM {Target} AS t WHERE {Table.SameKey("t", "s")} "
                + $"AND {Stamps.IsNewer($"t.{column}", $"s.{column}")}) RETURNING {Table.KeyList("s.")}", _kept);
            Rows -= kept;
        }
        if (_hasKeys)
        {
            await EnsureKeptAsync();
            await target.DefineAsync(
                $"CREATE TEMPORARY TABLE {Bare(_spared)} ON COMMIT DROP AS SELECT {Table.KeyList()} FROM {Target} WITH NO DATA",
                cancellationToken);
            Spared = _spared;
            spared = await KeepAsync(
                $"DELETE FROM {_keys} AS k "
                    + $"{(own is null ? "" : $"WHERE EXISTS (SELECT FROM {Target} AS t WHERE {Table.SameKey("t", "k")} AND {own})")} "
                    + $"RETURNING {Table.KeyList("k.")}", _spared);
            await target.ExecuteAsync($"INSERT INTO {_kept} SELECT * FROM {_spared}", cancellationToken);
            Deletions -= SparedRows = spared;
        }
        return kept + spared;

        async Task EnsureKeptAsync()
        {
            if (_hasKept)
                return;
            await target.DefineAsync(
                $"CREATE TEMPORARY TABLE {Bare(_kept)} ON COMMIT DROP AS SELECT {Table.KeyList()} FROM {Target} WITH NO DATA",
                cancellationToken);
            _hasKept = true;
        }

        Task<long> KeepAsync(string taking, string into) =>
            target.AffectedAsync($"WITH k AS ({taking}) INSERT INTO {into} SELECT * FROM k", cancellationToken);
    }

    /// <summary>
    /// The keys of rows in the target that hold a unique value which a staged row is to get, and of which nothing is staged.
    /// </summary>
    public async Task<IReadOnlyList<string>> InTheWayAsync(IReadOnlyList<UniqueIndex> indexes, CancellationToken cancellationToken)
    {
        var found = new HashSet<string>();
        foreach (var index in _hasRows ? indexes : [])
        {
            await foreach (var key in target.LinesAsync(
                $"SELECT {Table.KeyList("t.")} {Conflicts(index)} "
                    + $"{(_hasKeys ? $"AND NOT EXISTS (SELECT FROM {_keys} AS k WHERE {Table.SameKey("k", "t")})" : "")} "
                + $"AND NOT EXISTS (SELECT FROM {_rows} AS s2 WHERE {Table.SameKey("s2", "t")})", cancellationToken))
            {
                found.Add(key);
            }
        }
        return [.. found];
    }

    /// <summary>
    /// Where periods of a key WITHOUT OVERLAPS changed, and the target's rows are to stay: what a staged row overlaps is the same row as it
    /// was before. The one with the later stamp stays.
    /// </summary>
    /// <param name="index">The key's.</param>
    /// <param name="stamp">Null where the source's row is to be taken.</param>
    /// <returns>How many more rows are kept; fewer where they had been kept only as none of the source's.</returns>
    public async Task<long> SettleOverlapsAsync(UniqueIndex index, TableColumn? stamp, CancellationToken cancellationToken)
    {
        if (!_hasRows)
            return 0;
        await EnsureKeysAsync(cancellationToken);
        long kept = 0;
        if (stamp is not null)
        {
            var column = Sql.Identifier(stamp.Name);
            var columns = $"{Table.KeyList()}, {column} AS {Table.Own}stamp";
            kept = await target.AffectedAsync(
                $"""
                DELETE FROM {_rows} AS r USING (
                    SELECT s.{Table.Own}id FROM {InTarget(index, columns)} AS t
                        JOIN {InStaged(index, $"{columns}, ctid AS {Table.Own}id")} AS s ON {index.Same}
                    WHERE NOT ({Table.SameKey("t", "s")}) AND NOT EXISTS (SELECT FROM {_keys} AS k WHERE {Table.SameKey("k", "t")})
                      AND {Stamps.IsNewer($"t.{Table.Own}stamp", $"s.{Table.Own}stamp")}) AS c
                WHERE r.ctid = c.{Table.Own}id
                """, cancellationToken);
            Rows -= kept;
        }
        var changed = await target.AffectedAsync(
            $"""
            INSERT INTO {_keys} SELECT DISTINCT {Table.KeyList("t.")} {Conflicts(index)} AND NOT EXISTS (SELECT FROM {_keys} AS k
                WHERE {Table.SameKey("k", "t")})
            AND NOT EXISTS (SELECT FROM {_rows} AS r WHERE {Table.SameKey("r", "t")})
            """, cancellationToken);
        Deletions += changed;
        Overlapped += changed;
        if (changed > 0 && _hasKept)
        {
            await target.ExecuteAsync($"DELETE FROM {_kept} AS a USING {_keys} AS k WHERE {Table.SameKey("a", "k")}", cancellationToken);
            var own = Spared is null ? 0 : await target.AffectedAsync(
                $"DELETE FROM {_spared} AS a USING {_keys} AS k WHERE {Table.SameKey("a", "k")}",
                cancellationToken);
            SparedRows -= own;
            kept -= own;
        }
        return kept;
    }

    /// <summary>
    /// Takes values that staged rows are to get, and no two may have, away from the rows that have them still; these get their own, or go,
    /// a moment later. Deleting them would reach other tables through their foreign keys: so that is done only where another value does not
    /// do. What shuts readers out comes last.
    /// </summary>
    /// <param name="putOff">Puts off the foreign keys that some columns belong to, and tells whether there were any.</param>
    /// <param name="deleteEarly">
    /// Deletes what goes now, where foreign keys let it go before the others are written; tells whether they did.
    /// </param>
    public async Task ParkAsync(
        IReadOnlyList<UniqueIndex> indexes, Func<IEnumerable<string>, Task<bool>> putOff, Func<Task<bool>> deleteEarly,
        CancellationToken cancellationToken)
    {
        foreach (var index in indexes.Where(_ => _hasRows).OrderBy(i => i.IsKey))
        {
            if (!await AreInTheWayAsync(index, cancellationToken) || await HelpsAsync(index)
                || await putOff(index.Parkable.Select(c => c.Name)) && await ParkAsync(index, cancellationToken))
                continue;
            if (!await putOff(Table.Table.Columns.Select(c => c.Name)) || !await HelpsAsync(index))
            {
                throw new ConstraintInTheWayException(
                    $"{target.Login.Label}: values of the {(index.IsByValue ? "unique index" : "constraint")} "
                        + $"{Sql.Display(index.Name)} pass from rows of {Table.Name} to others, which cannot be done row by row.");
            }
        }

        async Task<bool> HelpsAsync(UniqueIndex index) =>
            await ParkAsync(index, cancellationToken)
            || index.IsKey && await MergeAtOnceAsync(cancellationToken)
            || await deleteEarly() && !await AreInTheWayAsync(index, cancellationToken)
            || await TakeAwayAsync(index, cancellationToken);
    }

    /// <summary>
    /// Takes rows away that are inserted again a moment later, or go. None of another table notices: no foreign key refers to this one, or
    /// it looks later.
    /// </summary>
    async Task<bool> TakeAwayAsync(UniqueIndex index, CancellationToken cancellationToken)
    {
        if (await IsReferredToAsync(cancellationToken))
            return false;
        if (_hasKeys)
            DeletedEarly += await target.AffectedAsync(
                $"DELETE FROM {Target} AS r USING {_keys} AS k WHERE {Table.SameKey("r", "k")}",
                cancellationToken);
        Again += await target.AffectedAsync(
            $"""
            DELETE FROM {Target} AS r USING (SELECT {Table.KeyList("t.")} {Conflicts(index)}) AS c
            WHERE {Table.SameKey("r", "c")} AND EXISTS (SELECT FROM {_rows} AS s WHERE {Table.SameKey("s", "r")})
            """, cancellationToken);
        return !await AreInTheWayAsync(index, cancellationToken);
    }

    /// <summary>
    /// Of a key WITHOUT OVERLAPS: deletes and inserts in one statement, at whose end foreign keys are looked at, which are content where
    /// the same periods are covered.
    /// </summary>
    async Task<bool> MergeAtOnceAsync(CancellationToken cancellationToken)
    {
        if (!_hasKeys || Deletions == 0 || _merged is not null)
            return false;
        var isDoubtful = await IsReferredToAsync(cancellationToken);
        if (isDoubtful && !await Part.WouldDoAsync(target, MergeAsync, cancellationToken))
            return false;
        var (inserted, updated, deleted) = await MergeAsync();
        _merged = (inserted, updated);
        DeletedEarly += deleted;
        if (isDoubtful)
            Vain = (inserted, updated, deleted);
        return true;

        async Task<(long, long, long)> MergeAsync()
        {
            var deleted = await target.ScalarAsync<long>(
                $"SELECT count(*) FROM {Target} AS t WHERE EXISTS (SELECT FROM {_keys} AS k WHERE {Table.SameKey("k", "t")})",
                cancellationToken);
            var updated = await UpdateAsync(cancellationToken);
            var inserted = await target.AffectedAsync(
                $"WITH gone AS (DELETE FROM {Target} AS t USING {_keys} AS k WHERE {Table.SameKey("t", "k")} RETURNING 1) "
                    + $"{InsertAbsent} AND (SELECT count(*) FROM gone) >= 0", cancellationToken);
            return (inserted, updated, deleted);
        }
    }

    /// <summary>
    /// Whether a foreign key sees rows go that come again: those that are put off, as all are that can be, and have no action of their own,
    /// do not.
    /// </summary>
    Task<bool> IsReferredToAsync(CancellationToken cancellationToken) =>
        HasAnyAsync("SELECT 1 FROM relation JOIN pg_catalog.pg_constraint k ON k.confrelid = relation.oid AND k.contype = 'f' AND NOT "
            + "(k.condeferrable AND k.confdeltype = 'a')", cancellationToken);

    /// <param name="query">Of <c>relation</c>, which is the table and its partitions.</param>
    async Task<bool> HasAnyAsync(string query, CancellationToken cancellationToken)
    {
        var table = $"{Sql.Literal(Sql.Qualified(Table.Table.Schema, Table.Table.Name))}::pg_catalog.regclass";
        return (await target.RowsAsync($"WITH relation(oid) AS {TableTree.Of(table)} {query} LIMIT 1", cancellationToken)).Count > 0;
    }

    /// <summary>
    /// A column may be bound by other constraints, or not be what the index looks at in the end: then the next one is tried.
    /// </summary>
    async Task<bool> ParkAsync(UniqueIndex index, CancellationToken cancellationToken)
    {
        foreach (var column in index.Parkable)
        {
            if (await Part.TryAsync(target, async () =>
            {
                // The server counts them as written whatever becomes of the part, and so is it here.
                Parked += await target.AffectedAsync(
                    $"""
                    UPDATE {Target} AS r SET {Sql.Identifier(column.Name)} = {column.Parked(Target, $"c.{Table.Own}n")}
                    FROM (SELECT {Table.KeyList("t.")}, pg_catalog.row_number() OVER () AS {Table.Own}n {Conflicts(index)}) AS c
                        WHERE {Table.SameKey("r", "c")}
                    """, cancellationToken);
                return !await AreInTheWayAsync(index, cancellationToken);
            }, cancellationToken))
            {
                return true;
            }
        }
        return false;
    }

    async Task<bool> AreInTheWayAsync(UniqueIndex index, CancellationToken cancellationToken) =>
        (await target.RowsAsync($"SELECT 1 {Conflicts(index)} LIMIT 1", cancellationToken)).Count > 0;

    /// <returns>Inserted and updated.</returns>
    public async Task<(long Inserted, long Updated)> MergeAsync(CancellationToken cancellationToken)
    {
        if (!_hasRows)
            return (0, 0);
        if (!Table.HasKey)
            return (await target.AffectedAsync(Insert, cancellationToken), 0);
        if (_merged is { } done)
            return done;
        if (Table.IsTemporal || await HasUpdateRuleAsync(cancellationToken))
        {
            var updated = await UpdateAsync(cancellationToken);
            return (await target.AffectedAsync(InsertAbsent, cancellationToken) - Again, updated + Again);
        }
        await TakeOtherIdentitiesAsync(cancellationToken);
        var there = await target.ScalarAsync<long>(
            $"SELECT count(*) FROM {_rows} AS s WHERE EXISTS (SELECT FROM {Target} AS t WHERE {Table.SameKey("t", "s")})",
            cancellationToken);
        var written = await target.AffectedAsync($"{Insert} ON CONFLICT ({Table.KeyList()}) DO "
            + $"{(Settable.Count == 0 ? "NOTHING" : $"UPDATE SET {string.Join(", ", Settable.Select(c => $"{c} = EXCLUDED.{c}"))}")}",
            cancellationToken);
        return (Rows - there - Again, written - (Rows - there) + Again);
    }

    /// <summary>
    /// A column GENERATED ALWAYS AS IDENTITY takes a value with INSERT alone: a row that is to get another one is taken away, to be
    /// inserted again.
    /// </summary>
    async Task TakeOtherIdentitiesAsync(CancellationToken cancellationToken)
    {
        var others = Written.Where(c => c.IsAlwaysIdentity && Table.Key.All(k => k.Name != c.Name)).Select(c => Sql.Identifier(c.Name))
            .Select(c => $"r.{c} <> s.{c}").ToList();
        if (others.Count == 0 || await IsReferredToAsync(cancellationToken))
            return;
        Again += await target.AffectedAsync(
            $"DELETE FROM {Target} AS r USING {_rows} AS s WHERE {Table.SameKey("r", "s")} AND "
                + $"({string.Join(" OR ", others)})", cancellationToken);
    }

    /// <summary>Rows that are on both sides.</summary>
    async Task<long> UpdateAsync(CancellationToken cancellationToken) => Settable.Count == 0 ? 0
        : await target.AffectedAsync(
            $"UPDATE {Target} AS t SET {Set} FROM {_rows} AS s WHERE {Table.SameKey("t", "s")}",
            cancellationToken);

    IReadOnlyList<TableColumn> Written => [.. Table.Table.Columns.Where(c => !c.IsGenerated)];
    IReadOnlyList<string> Settable => [.. Written.Where(c => !c.IsAlwaysIdentity).Select(c => Sql.Identifier(c.Name))];
    string Set => string.Join(", ", Written.Where(c => !c.IsAlwaysIdentity).Select(c => $"{Sql.Identifier(c.Name)} = {Value(c.Name)}"));

    string Insert => $"INSERT INTO {Sql.Qualified(Table.Table.Schema, Table.Table.Name)} "
        + (Written.Count == 0 ? "" : $"({string.Join(", ", Written.Select(c => Sql.Identifier(c.Name)))}) OVERRIDING SYSTEM VALUE ")
        + $"SELECT {string.Join(", ", Written.Select(c => Value(c.Name)))} FROM {_rows} AS s";
    string InsertAbsent => $"{Insert} WHERE NOT EXISTS (SELECT FROM {Target} AS t WHERE {Table.SameKey("t", "s")})";

    /// <summary>What a row gets at first.</summary>
    string Value(string column) => Late.FirstOrDefault(l => l.Name == column) is { } late
        ? $"CASE WHEN EXISTS ({late.ReferredTo}) THEN s.{Sql.Identifier(column)} END" : $"s.{Sql.Identifier(column)}";

    /// <summary>Rows that are to go refer to nothing any more, whichever of both goes first.</summary>
    public async Task LetGoAsync(CancellationToken cancellationToken)
    {
        foreach (var column in _hasKeys && Deletions > 0 ? Late.Select(l => Sql.Identifier(l.Name)) : [])
            Parked += await target.AffectedAsync(
                $"UPDATE {Target} AS t SET {column} = NULL FROM {_keys} AS k WHERE {Table.SameKey("t", "k")} AND t.{column} IS NOT NULL",
                cancellationToken);
    }

    /// <summary>All rows are there that these refer to.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        foreach (var column in _hasRows ? Late.Select(l => Sql.Identifier(l.Name)) : [])
            Parked += await target.AffectedAsync($"UPDATE {Target} AS t SET {column} = s.{column} FROM {_rows} AS s WHERE "
                + $"{Table.SameKey("t", "s")} AND t.{column} IS NULL AND s.{column} IS NOT NULL", cancellationToken);
    }

    public async Task<long> DeleteStagedAsync(CancellationToken cancellationToken) =>
        !Table.HasKey ? DeletedEarly + (_hasSurplus && _mayDeleteSurplus && _isPaired
            ? await target.AffectedAsync(DeleteSurplus, cancellationToken)
            : 0)
        : !_hasKeys || Deletions == 0 ? 0
        : DeletedEarly + await target.AffectedAsync(
            $"DELETE FROM {Target} AS t USING {_keys} AS k WHERE {Table.SameKey("t", "k")}",
            cancellationToken);

    string DeleteSurplus => $"DELETE FROM {Target} AS t USING {_surplus} AS x WHERE t.tableoid = x.relation AND t.ctid = x.id";

    /// <summary>
    /// Deletes what the source does not have, where all that it has is staged: to be called before equal rows are taken out.
    /// </summary>
    public async Task StageDeletionsAsync(CancellationToken cancellationToken)
    {
        await target.DefineAsync(
            $"CREATE TEMPORARY TABLE {Bare(_keys)} ON COMMIT DROP AS SELECT {Table.KeyList("t.")} FROM {Target} AS "
                + $"t{(_hasRows ? $" WHERE NOT EXISTS (SELECT FROM {_rows} AS s WHERE {Table.SameKey("t", "s")})" : "")}",
                cancellationToken);
        _hasKeys = true;
        Deletions = await target.ScalarAsync<long>($"SELECT count(*) FROM {_keys}", cancellationToken);
    }

    /// <summary>
    /// Leaves of all rows of the source, each as often as it is there, those that a table without a key lacks, and knows which of the
    /// target's are too many.
    /// </summary>
    /// <param name="mayDelete">Whether these are to go.</param>
    /// <returns>How many are the same on both sides.</returns>
    public async Task<long> LeaveDifferenceAsync(bool mayDelete, CancellationToken cancellationToken)
    {
        var staged = HasRoom ? HashColumn : Hash;
        var wanted = _hasRows ? $"SELECT {staged} AS hash, count(*) AS n FROM {_rows} GROUP BY 1" : "SELECT NULL::bigint AS hash, 0 AS n";
        await target.DefineAsync(
            $"""
            CREATE TEMPORARY TABLE {Bare(_surplus)} ON COMMIT DROP AS SELECT t.relation, t.id
            FROM (SELECT tableoid AS relation, ctid AS id, {Hash} AS hash, pg_catalog.row_number() OVER (PARTITION BY {Hash}) AS n
                FROM {Target}) AS t
            LEFT JOIN ({wanted}) AS s ON s.hash = t.hash WHERE t.n > coalesce(s.n, 0)
            """, cancellationToken);
        (_hasSurplus, _mayDeleteSurplus) = (true, mayDelete);
        Deletions = mayDelete ? await target.ScalarAsync<long>($"SELECT count(*) FROM {_surplus}", cancellationToken) : 0;
        if (!_hasRows)
            return 0;
        var present = await target.AffectedAsync(
            $"""
            DELETE FROM {_rows} AS s
            USING (SELECT ctid AS id, {staged} AS hash, pg_catalog.row_number() OVER (PARTITION BY {staged}) AS n FROM {_rows}) AS a
            JOIN (SELECT {Hash} AS hash, count(*) AS n FROM {Target} GROUP BY 1) AS t ON t.hash = a.hash AND a.n <= t.n
            WHERE s.ctid = a.id
            """, cancellationToken);
        Rows -= present;
        return present;
    }

    /// <summary>
    /// Writes a table without a key. Unique values tell of some rows what became of them: these are updated, so that nothing happens to
    /// what refers to them. What is too many goes when what referred to it has gone, or at once where it is in the way.
    /// </summary>
    /// <param name="stamp">Where the row with the later one is to stay; else null.</param>
    /// <param name="putOff">As for <see cref="ParkAsync(IReadOnlyList{UniqueIndex}, Func{IEnumerable{string}, Task{bool}},
    /// Func{Task{bool}}, CancellationToken)"/>.</param>
    /// <param name="deleteEarly">As there.</param>
    /// <returns>Inserted, updated, and kept as newer.</returns>
    public async Task<(long Inserted, long Updated, long Kept)> ReplaceAsync(
        IReadOnlyList<UniqueIndex> indexes, TableColumn? stamp, Func<IEnumerable<string>, Task<bool>> putOff,
        Func<Task<bool>> deleteEarly, CancellationToken cancellationToken)
    {
        long updated = 0, kept = 0;
        foreach (var index in _hasRows && _hasSurplus ? indexes : [])
        {
            if (Rows > 0)
            {
                var pairs = await PairAsync(index, stamp, cancellationToken);
                (updated, kept) = (updated + pairs.Updated, kept + pairs.Kept);
            }
        }
        _isPaired = true; // what is too many still is so for good
        if (!_hasRows || Rows == 0)
            return (0, updated, kept);
        var hasToGo = false;
        foreach (var index in _hasSurplus && _mayDeleteSurplus && Deletions > 0 ? indexes : [])
            hasToGo = hasToGo || await AreInTheWayAsync(index, cancellationToken);
        if (!hasToGo)
            return (await target.AffectedAsync(Insert, cancellationToken), updated, kept);
        // Actions of foreign keys would make the one statement reach further than it has to.
        var isDoubtful = await IsReferredToAsync(cancellationToken);
        if (isDoubtful && await deleteEarly())
            return (await target.AffectedAsync(Insert, cancellationToken), updated, kept);
        var would = isDoubtful && await Part.WouldDoAsync(target, AtOnceAsync, cancellationToken);
        if (isDoubtful && !would && !await putOff(Table.Table.Columns.Select(c => c.Name)))
            return (await target.AffectedAsync(Insert, cancellationToken), updated, kept);
        var (inserted, deleted) = await AtOnceAsync();
        DeletedEarly += deleted;
        if (would)
            Vain = (inserted, 0, deleted);
        return (inserted, updated, kept);

        async Task<(long, long)> AtOnceAsync()
        {
            var gone = await target.ScalarAsync<long>($"SELECT count(*) FROM {Target} AS t WHERE EXISTS (SELECT FROM {_surplus} AS x "
                + "WHERE t.tableoid = x.relation AND t.ctid = x.id)", cancellationToken);
            return (await target.AffectedAsync(
                $"WITH gone AS ({DeleteSurplus} RETURNING 1) {Insert} WHERE (SELECT count(*) FROM gone) >= 0",
                cancellationToken), gone);
        }
    }

    /// <summary>Rows of before and after, told by an index.</summary>
    async Task<(long Updated, long Kept)> PairAsync(UniqueIndex index, TableColumn? stamp, CancellationToken cancellationToken)
    {
        if (Settable.Count == 0 || Written.Any(c => c.IsAlwaysIdentity) || !index.IsByValue)
            return (0, 0);
        await target.DefineAsync(
            $"""
            DROP TABLE IF EXISTS {_pairs};
            CREATE TEMPORARY TABLE {Bare(_pairs)} ON COMMIT DROP AS SELECT x.relation, x.id, s.{Table.Own}id AS staged
            FROM {_surplus} AS x
            JOIN {InTarget(index, $"tableoid AS {Table.Own}relation, ctid AS {Table.Own}id")} AS t
                ON t.{Table.Own}relation = x.relation AND t.{Table.Own}id = x.id
            JOIN {InStaged(index, $"ctid AS {Table.Own}id")} AS s ON {index.Same}
            """, cancellationToken);
        long kept = 0;
        if (stamp is not null)
        {
            var column = Sql.Identifier(stamp.Name);
            kept = await target.AffectedAsync(
                $"""
                DELETE FROM {_rows} AS s USING {_pairs} AS p, {Target} AS t WHERE s.ctid = p.staged AND t.tableoid = p.relation
                    AND t.ctid = p.id
                AND {Stamps.IsNewer($"t.{column}", $"s.{column}")}
                """, cancellationToken);
            Rows -= kept;
        }
        long updated = 0;
        if (!await Part.TryAsync(target, async () =>
        {
            updated = await target.AffectedAsync(
                $"UPDATE {Target} AS t SET {Set} FROM {_pairs} AS p JOIN {_rows} AS s ON s.ctid = p.staged WHERE t.tableoid = "
                    + "p.relation AND t.ctid = p.id", cancellationToken);
            return true;
        }, cancellationToken))
        {
            return (0, kept);
        }
        await target.ExecuteAsync(
            $"DELETE FROM {_surplus} AS x USING {_pairs} AS p WHERE x.relation = p.relation AND x.id = p.id",
            cancellationToken);
        await target.ExecuteAsync($"DELETE FROM {_rows} AS s USING {_pairs} AS p WHERE s.ctid = p.staged", cancellationToken);
        Rows -= updated;
        if (_mayDeleteSurplus)
            Deletions -= updated;
        return (updated, kept);
    }

    /// <summary>
    /// How many staged rows the target does not hold as the source has them, and how many that are to be deleted it still holds.
    /// </summary>
    public async Task<long> CountWrongAsync(CancellationToken cancellationToken) => !Table.HasKey ? 0
        : (_hasRows ? await target.ScalarAsync<long>($"SELECT count(*) FROM {_rows} AS s "
            + $"{(HasRoom ? "" : $"LEFT JOIN {_hashes} AS h ON {Table.SameKey("h", "s")}")} WHERE {HashOfSource} IS DISTINCT FROM "
            + $"({HashOnTarget})", cancellationToken) : 0)
          + (_hasKeys ? await target.ScalarAsync<long>(
              $"SELECT count(*) FROM {_keys} AS k WHERE EXISTS (SELECT FROM {Target} AS t WHERE {Table.SameKey("t", "k")})",
              cancellationToken) : 0);

    /// <summary>How many rows that were kept are no longer there.</summary>
    public async Task<long> CountLostAsync(CancellationToken cancellationToken) => !_hasKept ? 0
        : await target.ScalarAsync<long>(
            $"SELECT count(*) FROM {_kept} AS k WHERE NOT EXISTS (SELECT FROM {Target} AS t WHERE {Table.SameKey("t", "k")})",
            cancellationToken);

    /// <summary>PostgreSQL knows no ON CONFLICT for tables with such a rule, even where it is switched off.</summary>
    async Task<bool> HasUpdateRuleAsync(CancellationToken cancellationToken) => (await target.RowsAsync(
        "SELECT 1 FROM pg_catalog.pg_rewrite WHERE ev_type = '2' AND ev_class = "
            + $"{Sql.Literal(Sql.Qualified(Table.Table.Schema, Table.Table.Name))}::pg_catalog.regclass", cancellationToken)).Count > 0;

    string HashOfSource => $"{(HasRoom ? "s" : "h")}.{HashColumn}";

    string HashOnTarget => $"SELECT {Hash} FROM {Target} AS t WHERE {Table.SameKey("t", "s")}";

    string Conflicts(UniqueIndex index) => Table.HasKey
        ? $"FROM {InTarget(index, Table.KeyList())} AS t JOIN {InStaged(index, Table.KeyList())} AS s ON {index.Same} WHERE NOT "
            + $"({Table.SameKey("t", "s")})"
        : $"FROM {InTarget(index, "1")} AS t JOIN {InStaged(index, "1")} AS s ON {index.Same}";

    string InTarget(UniqueIndex index, string columns) =>
        $"(SELECT {columns}, {index.Values} FROM {index.Partition ?? Target} {index.Where})";

    string InStaged(UniqueIndex index, string columns) => $"(SELECT {columns}, {index.Values} FROM {_rows} {index.StagedWhere})";

    static string Bare(string name) => name["pg_temp.".Length..];
}
