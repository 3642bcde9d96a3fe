using System.Globalization;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sandbox;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>What a table has that decides how its changes are found.</summary>
/// <param name="Stamp">The type of its stamps; null for none.</param>
sealed record ModelTable(string Name, string? Stamp, string Columns, string Values, string Read)
{
    public static readonly ModelTable Items = new("items", "timestamptz",
        "id int PRIMARY KEY, name text, a text DEFAULT 'x', b text DEFAULT 'x', updated_at timestamptz "
            + "NOT NULL", "'a', 'b'", "concat_ws('|', name, a, b)");

    /// <summary>Stamped without a time zone: by whatever zone a session has.</summary>
    public static readonly ModelTable Local = new(
        "local", "timestamp", "id int PRIMARY KEY, k int NOT NULL DEFAULT 0, name text, updated_at timestamp NOT NULL", "", "name");

    /// <summary>Values that differ though operators and texts call them equal.</summary>
    public static readonly ModelTable Plain = new("plain", null,
        "id int PRIMARY KEY, name text, pad bpchar DEFAULT 'x', n numeric DEFAULT 1, f float8 DEFAULT 0", "'x', 1, 0", "concat_ws('|', "
            + "name, encode(bpcharsend(pad), 'hex'), n, encode(float8send(f), 'hex'))");

    /// <summary>By name: a column that was dropped and added stands last.</summary>
    public string Into => string.Join(", ", Columns.Split(", ").Select(c => c.Split(' ')[0]).Where(c => c != "k"));

    public string Rows => $"SELECT id, {Read}, "
        + (Stamp is null ? "''"
            : $"to_char(updated_at{(Stamp == "timestamptz" ? " AT TIME ZONE 'UTC'" : "")}, 'YYYY-MM-DD HH24:MI:SS.US')")
        + $" FROM {Name}";
}

/// <param name="IsOwn">On the target: whether the row is its own, should the source not have it.</param>
sealed record ModelRow(string Values, string Stamp, bool IsOwn);

/// <summary>Both databases as they must be, and the rule by which a run makes the one of the other.</summary>
/// <param name="works">What will be done: only what that needs is made.</param>
sealed partial class Model(
    IncrementalConfig config,
    Scenario scenario,
    SandboxServer source,
    SandboxServer target,
    IReadOnlySet<ModelWork> works) : IAsyncDisposable
{
    static readonly RunStep[] Steps = [RunStep.Compare, RunStep.Merge, RunStep.Verify, RunStep.Publish];

    static readonly ModelTable[] Tables = [ModelTable.Items, ModelTable.Local, ModelTable.Plain];

    /// <summary>Nobody else may write this row while a prepared transaction holds it.</summary>
    const int PreparedId = 51;

    readonly Dictionary<ModelTable, Dictionary<int, ModelRow>> _source = Tables.ToDictionary(
        t => t,
        _ => new Dictionary<int, ModelRow>()), _target = Tables.ToDictionary(t => t, _ => new Dictionary<int, ModelRow>());
    readonly Dictionary<uint, string> _sourceObjects = [], _targetObjects = [];
    readonly List<string> _sourceLoose = [], _targetLoose = [];
    readonly ModelShape[] _shapes = [.. ModelShape.All.Where(s => works.Contains(s.Work) && s.Since <= source.Version.Major)];
    long _sourceNumber = 1, _targetNumber = 1;
    PgSession? _late;
    bool _lateIsOnSource, _isPrepared, _isUncounted;
    Random _random = new(0);
    int _fresh;
    Saved? _saved;

    sealed record Saved(
        Dictionary<ModelTable, Dictionary<int, ModelRow>> Rows, Dictionary<uint, string> Objects, List<string> Loose, long Number);

    bool LastWriteWins => config.Conflict == ConflictRule.LastWriteWins;
    bool MayEmpty => config is { Conflict: ConflictRule.SourceWins, Deletes: true };

    public Task FillAsync() => scenario.OnSourceAsync(string.Join(
        ";",
        [.. Tables.Select(t => $"CREATE TABLE {t.Name} ({t.Columns})"), .. _shapes.Select(s => s.Create)]) + """
        ; CREATE SEQUENCE numbers; CREATE TABLE loose (v text);
        INSERT INTO items SELECT i, 'n' || i, 'a', 'b', now() - interval '10 days' FROM generate_series(1, 30) i;
        INSERT INTO items SELECT 51, 'p', 'a', 'b', now() - interval '10 days';
        INSERT INTO local (id, name, updated_at) SELECT i, 'n' || i, now() - interval '10 days' FROM generate_series(1, 30) i;
        INSERT INTO plain SELECT i, 'n' || i FROM generate_series(1, 30) i;
        """);

    public async Task ReadAsync()
    {
        foreach (var table in Tables)
        {
            foreach (var (id, row) in await RowsAsync(scenario.SourceAdmin, table))
                (_source[table][id], _target[table][id]) = (row, row);
        }
    }

    /// <returns>What was done.</returns>
    public async Task<string> DoAsync(ModelStep step)
    {
        (_random, _fresh) = (step.Draw(), step.FirstId);
        var onSource = _random.Next(2) == 0;
        var table = Tables[_random.Next(Tables.Length)];
        // What wants a table for itself would wait for a prepared transaction for ever; and what others read is not taken away.
        if (step.Work is (ModelWork.Columns or ModelWork.Reload or ModelWork.Waiting or ModelWork.Part) && _late is not null && _isPrepared)
            return "not while a transaction is prepared";
        if (step.Work is (ModelWork.SetBack or ModelWork.Rewind or ModelWork.Full or ModelWork.OtherKey or ModelWork.Standby)
            && _late is not null)
            return "not while a transaction is open";
        return step.Work switch
        {
            null => await RunAsync(),
            ModelWork.Columns => await ColumnsAsync(),
            ModelWork.Late => await LateAsync(prepared: false),
            ModelWork.Prepared => await LateAsync(prepared: true),
            ModelWork.Object => await ObjectAsync(onSource),
            ModelWork.Number => await NumberAsync(onSource),
            ModelWork.Reload => await ReloadAsync(table),
            ModelWork.Loose => await LooseAsync(onSource),
            ModelWork.Reset => await ResetAsync(),
            ModelWork.Uncounted => await UncountedAsync(),
            ModelWork.SetBack => await SetBackAsync(),
            ModelWork.Full => await FullAsync(),
            ModelWork.SecondJob => await SecondJobAsync(),
            ModelWork.Crash => await CrashAsync(),
            ModelWork.Waiting => await WaitingAsync(table),
            ModelWork.ManyOwn => await ManyOwnAsync(),
            ModelWork.Exclude => await ExcludeAsync(table),
            ModelWork.Key => await KeyAsync(),
            ModelWork.OtherKey => await OtherKeyAsync(),
            ModelWork.Part => await PartAsync(),
            ModelWork.Span or ModelWork.Names or ModelWork.Domain or ModelWork.Wide or ModelWork.Circle =>
                await ShapeAsync(step.Work.Value),
            ModelWork.Events => await EventsAsync(),
            ModelWork.Guarded => await GuardedAsync(),
            ModelWork.RolledBack => await RolledBackAsync(),
            ModelWork.Differs => await DiffersAsync(),
            ModelWork.Rewind => await RewindAsync(),
            ModelWork.Standby => await StandbyAsync(),
            ModelWork.Ahead => await RowAsync(ModelWork.Ahead, table.Stamp is null ? ModelTable.Local : table, onSource: true),
            { } work => await RowAsync(
                work, work == ModelWork.Invisible ? ModelTable.Plain : work == ModelWork.Zone ? ModelTable.Local : table, onSource),
        };
    }

    async Task<string> RunAsync() => await CarriedAsync(await scenario.SyncAsync(mode: SyncMode.Incremental));

    /// <param name="without">A table that was no part of it.</param>
    /// <returns>How each table's changes were found.</returns>
    async Task<string> CarriedAsync(RunResult result, ModelTable? without = null)
    {
        Assert.True(result is { Success: true, Mode: SyncMode.Incremental },
            $"{result.Outcome} {result.Mode} {result.Error} {result.Error?.Detail} {string.Join('\n', result.Warnings)}");
        await AssertAsync(without);
        return string.Join("; ", result.Tables.Select(t => $"{t.Table} {t.Changes!.Way}, {t.Changes.Reason}"));
    }

    async Task<string> CrashAsync()
    {
        await EndReadAsync();
        var (server, step) = (_random.Next(2) == 0 ? source : target, Steps[_random.Next(Steps.Length)]);
        var result = await scenario.SyncAsync(Faults.AtStep(step, () => server.KillAsync(default).Wait()), mode: SyncMode.Incremental);
        await RestartAsync(server);
        // One that had all it needed by then has ended well.
        if (result.Success)
            await AssertAsync();
        return $"the {(server == source ? "source" : "target")} is killed as {step} begins: {result.Outcome} {result.Error?.Message}";
    }

    /// <summary>The open transaction died with its server; the rest is there again.</summary>
    async Task RestartAsync(SandboxServer server)
    {
        if (_late is not null && !_isPrepared && _lateIsOnSource == (server == source))
            await EndLateAsync();
        if (server.ServerProcessId is null)
            await server.StartAgainAsync(default);
    }

    async Task EndLateAsync()
    {
        await (_late?.DisposeAsync() ?? ValueTask.CompletedTask);
        _late = null;
    }

    async Task<string> RowAsync(ModelWork work, ModelTable table, bool onSource)
    {
        var (side, rows) = onSource ? (scenario.SourceAdmin, _source[table]) : (scenario.TargetAdmin, _target[table]);
        var id = Choose(rows);
        if (work == ModelWork.Delete)
        {
            rows.Remove(id);
            return await DoneAsync(side, $"DELETE FROM {table.Name} WHERE id = {id}");
        }
        // The source's stamps are its clock's, in the zone of whoever writes; the target's clock may be hours off.
        var zone = work == ModelWork.Zone ? new[] { "America/New_York", "Asia/Tokyo", "UTC" }[_random.Next(3)] : "UTC";
        var stamp = table.Stamp is null ? null : onSource ?
            $"clock_timestamp(){(work == ModelWork.Ahead ? " + interval '5 hours'" : "")}" :
            $"clock_timestamp() + interval '{_random.Next(-7200, 7200)} s'";
        var statement = work switch
        {
            ModelWork.Insert => $"INSERT INTO {table.Name} ({table.Into}) VALUES "
                + $"({(_random.Next(4) == 0 ? _random.Next(1, PreparedId) : ++_fresh)}, 'new "
                + $"{_fresh}'{(table.Values.Length > 0 ? ", " + table.Values : "")}{(stamp is null ? "" : ", " + stamp)}) "
                + $"ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name{(stamp is null ? "" : ", updated_at = EXCLUDED.updated_at")}",
            ModelWork.Update or ModelWork.Zone or ModelWork.Ahead => $"UPDATE {table.Name} SET name = 'changed "
                + $"{++_fresh}'{(stamp is null ? "" : $", updated_at = {stamp}")} WHERE id = {id}",
            ModelWork.Invisible => $"UPDATE plain SET pad = rpad('x', {_random.Next(1, 4)})::bpchar, n = "
                + $"{(_random.Next(2) == 0 ? "1.0" : "1.00")}, f = {(_random.Next(2) == 0 ? "'-0'" : "'0'")} WHERE id = {id}",
            _ => $"UPDATE {table.Name} SET name = name WHERE id = {id}",
        };
        await using var session = await Scenario.OpenAsync(side);
        await session.ExecuteAsync($"SET timezone = '{zone}'", default);
        // The rows that were written are as the server has them now; on the target they are its own from here on.
        foreach (var row in await session.RowsAsync($"{statement} RETURNING id", default))
        {
            var written = row.Int(0);
            rows[written] = (await RowsAsync(side, table))[written] with { IsOwn = true };
        }
        return $"{(onSource ? "source" : "target")}: {statement}, {zone}";
    }

    /// <summary>By a number, not by a place among those that are there: it is the same row though others are missing.</summary>
    int Choose(Dictionary<int, ModelRow> rows)
    {
        var from = _random.Next(1, _random.Next(2) == 0 ? 31 : _fresh);
        var mine = rows.Keys.Where(id => id != PreparedId).ToList();
        return mine.Where(id => id >= from).DefaultIfEmpty(mine.DefaultIfEmpty().Max()).Min();
    }

    async Task<string> DoneAsync(DatabaseAddress side, string statement)
    {
        await Scenario.ExecuteAsync(side, statement);
        return $"{(side == scenario.SourceAdmin ? "source" : "target")}: {statement}";
    }

    /// <summary>All rows leave and some come back, with new stamps.</summary>
    async Task<string> ReloadAsync(ModelTable table)
    {
        var statement =
            $"BEGIN; CREATE TEMP TABLE again ON COMMIT DROP AS SELECT * FROM {table.Name} WHERE id % 5 <> 0; TRUNCATE {table.Name}; "
            + $"{(table.Stamp is null ? "" : "UPDATE again SET updated_at = clock_timestamp(); ")}INSERT INTO {table.Name} "
            + $"({table.Into}) SELECT {table.Into} FROM again; COMMIT";
        await Scenario.ExecuteAsync(scenario.SourceAdmin, statement);
        _source[table].Clear();
        foreach (var (key, row) in await RowsAsync(scenario.SourceAdmin, table))
            _source[table][key] = row;
        return $"source: {statement}";
    }

    /// <summary>Values change on either side, and no row is written.</summary>
    async Task<string> ColumnsAsync()
    {
        var column = _random.Next(2) == 0 ? "a" : "b";
        string Statement(string side) => _random.Next(3) == 0
            ? "ALTER TABLE items RENAME a TO x; ALTER TABLE items RENAME b TO a; ALTER TABLE items RENAME x TO b"
            : $"ALTER TABLE items DROP COLUMN {column}; ALTER TABLE items ADD COLUMN {column} text DEFAULT '{side}{++_fresh}'; ALTER "
                + $"TABLE items ALTER COLUMN {column} SET DEFAULT 'x'";
        var statements = (Source: Statement("s"), Target: _random.Next(2) == 0 ? "" : Statement("t"));
        foreach (var (side, all, statement) in new[]
        {
            (scenario.SourceAdmin, _source, statements.Source),
            (scenario.TargetAdmin, _target, statements.Target),
        }.Where(s => s.Item3.Length > 0))
        {
            await Scenario.ExecuteAsync(side, statement);
            var (rows, now) = (all[ModelTable.Items], await RowsAsync(side, ModelTable.Items));
            foreach (var id in rows.Keys.ToList())
                rows[id] = now[id] with { IsOwn = rows[id].IsOwn };
        }
        return $"{statements}";
    }

    /// <summary>A transaction that is stamped by its begin, and ends some runs later. On the source it can be a prepared one.</summary>
    async Task<string> LateAsync(bool prepared)
    {
        var table = ModelTable.Items;
        if (_late is null)
        {
            _lateIsOnSource = prepared || _random.Next(2) == 0;
            _isPrepared = prepared;
            _late = await Scenario.OpenAsync(_lateIsOnSource ? scenario.SourceAdmin : scenario.TargetAdmin);
            if (!prepared)
            {
                await _late.ExecuteAsync("BEGIN; SELECT pg_current_xact_id()", default);
                return $"a transaction begins, on the source: {_lateIsOnSource}";
            }
            await _late.ExecuteAsync($"BEGIN; INSERT INTO items (id, name, a, b, updated_at) VALUES ({++_fresh}, 'prepared', 'a', 'b', "
                + "now() - interval '1 hour'); "
                + $"UPDATE items SET name = 'prepared {_fresh}', updated_at = now() - interval '1 hour' WHERE id = {PreparedId}; "
                + $"PREPARE TRANSACTION 'late {_fresh}'", default);
            // It is stamped as if it had begun an hour ago; a run of that time would have seen it open, so one has to see it prepared.
            return $"late {_fresh} is prepared; {await RunAsync()}";
        }
        var (side, rows) = _lateIsOnSource ? (scenario.SourceAdmin, _source[table]) : (scenario.TargetAdmin, _target[table]);
        var (id, changed) = (++_fresh, PreparedId);
        if (await PreparedAsync() is { } gid)
        {
            id = int.Parse(gid["late ".Length..], CultureInfo.InvariantCulture);
            await Scenario.ExecuteAsync(scenario.SourceAdmin, $"COMMIT PREPARED '{gid}'");
        }
        else
        {
            changed = Choose(rows);
            await _late.ExecuteAsync($"INSERT INTO items (id, name, a, b, updated_at) VALUES ({id}, 'late', 'a', 'b', now()); "
                + $"UPDATE items SET name = 'late {id}', updated_at = now() WHERE id = {changed}; COMMIT", default);
        }
        await EndLateAsync();
        var now = await RowsAsync(side, table);
        foreach (var written in new[] { id, changed }.Where(now.ContainsKey))
            rows[written] = now[written] with { IsOwn = true };
        return $"it inserts {id}, changes {changed}, and ends";
    }

    Task<string?> PreparedAsync() => Scenario.TextAsync(scenario.SourceAdmin, "SELECT gid FROM pg_prepared_xacts");

    async Task<string> ObjectAsync(bool onSource)
    {
        var (side, objects) = onSource ? (scenario.SourceAdmin, _sourceObjects) : (scenario.TargetAdmin, _targetObjects);
        var oid = (uint)(70000 + _random.Next(6));
        var text = $"text {++_fresh}";
        var isThere = objects.Remove(oid);
        if (!isThere || _random.Next(2) == 0)
            objects[oid] = text;
        return await DoneAsync(
            side,
            $"{(isThere ? $"SELECT lo_unlink({oid}); " : "")}{(objects.ContainsKey(oid) ? $"SELECT lo_from_bytea({oid}, '{text}')" : "")}");
    }

    async Task<string> NumberAsync(bool onSource)
    {
        var number = _random.Next(1, 1000);
        if (onSource)
            _sourceNumber = number;
        else
            _targetNumber = number;
        return await DoneAsync(onSource ? scenario.SourceAdmin : scenario.TargetAdmin, $"SELECT setval('numbers', {number})");
    }

    /// <summary>Rows of a table without a key, some of them twice.</summary>
    async Task<string> LooseAsync(bool onSource)
    {
        var (side, loose) = onSource ? (scenario.SourceAdmin, _sourceLoose) : (scenario.TargetAdmin, _targetLoose);
        var value = $"v{_random.Next(5)}";
        if (_random.Next(3) > 0)
        {
            loose.Add(value);
            return await DoneAsync(side, $"INSERT INTO loose VALUES ('{value}')");
        }
        loose.RemoveAll(v => v == value);
        return await DoneAsync(side, $"DELETE FROM loose WHERE v = '{value}'");
    }

    Task<string> ResetAsync() => DoneAsync(scenario.TargetAdmin, "SELECT pg_stat_reset()");

    /// <summary>
    /// From here on nobody's writes to the target are counted, until a run has been told so: what was written uncounted between two
    /// runs, nobody could know.
    /// </summary>
    Task<string> UncountedAsync()
    {
        _isUncounted = true;
        return DoneAsync(scenario.TargetAdmin, "ALTER ROLE CURRENT_USER SET track_counts = off");
    }

    async Task CountAgainAsync()
    {
        if (_isUncounted)
            await DoneAsync(scenario.TargetAdmin, "ALTER ROLE CURRENT_USER RESET track_counts");
        _isUncounted = false;
    }

    /// <summary>A copy of the source is made, or takes its place: a restore from a backup.</summary>
    async Task<string> SetBackAsync()
    {
        var (server, name) = (source.Address.WithDatabase("postgres"), scenario.Source.Database);
        if (_saved is not { } saved)
        {
            await Scenario.ExecuteAsync(server, $"CREATE DATABASE \"{name}_saved\" TEMPLATE \"{name}\"");
            _saved = Save();
            return "the source is copied";
        }
        if (_isRewound)
            return "not while the whole server may be set back";
        await Scenario.ExecuteAsync(server, $"DROP DATABASE \"{name}\" WITH (FORCE)");
        await Scenario.ExecuteAsync(server, $"ALTER DATABASE \"{name}_saved\" RENAME TO \"{name}\"");
        TakeBack(saved);
        return "the source is what it was then";
    }

    Saved Save() =>
        new(_source.ToDictionary(t => t.Key, t => t.Value.ToDictionary()), _sourceObjects.ToDictionary(), [.. _sourceLoose], _sourceNumber);

    void TakeBack(Saved saved)
    {
        foreach (var (table, rows) in saved.Rows)
            Replace(_source[table], rows);
        Replace(_sourceObjects, saved.Objects);
        _sourceLoose.Clear();
        _sourceLoose.AddRange(saved.Loose);
        (_sourceNumber, _saved, _isRewound) = (saved.Number, null, false);
    }

    static void Replace<TKey, TValue>(Dictionary<TKey, TValue> rows, Dictionary<TKey, TValue> by) where TKey : notnull
    {
        rows.Clear();
        foreach (var (key, value) in by)
            rows[key] = value;
    }

    /// <summary>The target is exactly the source; what is nobody's knowledge is the target's own from here on.</summary>
    async Task<string> FullAsync()
    {
        await EndReadAsync();
        await scenario.SyncWellAsync(SyncMode.Full);
        CopiedWhole();
        return "a full sync";
    }

    void CopiedWhole()
    {
        foreach (var table in Tables)
            Replace(_target[table], _source[table].ToDictionary(r => r.Key, r => r.Value with { IsOwn = true }));
        Replace(_targetObjects, _sourceObjects);
        _targetLoose.Clear();
        _targetLoose.AddRange(_sourceLoose);
        _targetNumber = _sourceNumber;
    }

    /// <summary>Another job writes the same tables. What it leaves is none of the target's own where nothing may be.</summary>
    async Task<string> SecondJobAsync()
    {
        if (LastWriteWins)
            return "not where each job has its own knowledge of rows";
        var job = scenario.Job;
        scenario.Job = job with { Name = "second" };
        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        scenario.Job = job;
        Assert.True(result is { Success: true, Mode: SyncMode.Incremental }, $"second job: {result.Outcome} {result.Error}");
        await AssertAsync();
        return "a second job";
    }

    /// <summary>What the target must hold now; and that is what the model goes on from.</summary>
    async Task AssertAsync(ModelTable? without = null)
    {
        await EndReadAsync();
        foreach (var table in Tables.Where(t => t != without))
            await AssertTableAsync(table);
        foreach (var shape in _shapes)
            await AssertShapeAsync(shape);
        _targetNumber = MayEmpty ? _sourceNumber : Math.Max(_targetNumber, _sourceNumber);
        if (MayEmpty)
            _targetObjects.Clear();
        foreach (var (oid, text) in _sourceObjects)
            _targetObjects[oid] = text;
        foreach (var value in _targetLoose.Union(_sourceLoose).ToList())
        {
            var (here, there) = (_targetLoose.Count(v => v == value), _sourceLoose.Count(v => v == value));
            _targetLoose.RemoveAll(v => v == value);
            _targetLoose.AddRange(Enumerable.Repeat(value, MayEmpty ? there : Math.Max(here, there)));
        }
        var others = await Scenario.TextAsync(scenario.TargetAdmin, """
            SELECT concat_ws(', ', (SELECT last_value FROM numbers),
                (SELECT string_agg(oid || ' ' || convert_from(lo_get(oid), 'UTF8'), ', ' ORDER BY oid) FROM pg_largeobject_metadata),
                   (SELECT string_agg(v, ', ' ORDER BY v COLLATE "C") FROM loose))
            """);
        Assert.Equal(string.Join(", ", [_targetNumber.ToString(CultureInfo.InvariantCulture), .. _targetObjects.OrderBy(o => o.Key)
            .Select(o => $"{o.Key} {o.Value}"), .. _targetLoose.Order(StringComparer.Ordinal)]), others);
        if (_random.Next(2) == 0)
            await CountAgainAsync();
    }

    async Task AssertTableAsync(ModelTable table)
    {
        // While a transaction of the target is open, nobody knows of younger ones whether they came before it was looked: such rows may
        // stay.
        var mayStay = _late is not null && !_lateIsOnSource;
        var (source, target) = (_source[table], _target[table]);
        var now = await RowsAsync(scenario.TargetAdmin, table);
        foreach (var (id, row) in target.ToList())
        {
            if (source.ContainsKey(id))
                continue;
            var stays = LastWriteWins ? row.IsOwn || !config.Deletes : !config.Deletes;
            if (!stays && !(LastWriteWins && mayStay && now.ContainsKey(id)))
                target.Remove(id);
            else if (LastWriteWins)
                target[id] = row with { IsOwn = true };
        }
        foreach (var (id, row) in source)
        {
            var stays = LastWriteWins && table.Stamp is not null && target.TryGetValue(id, out var here)
                && string.CompareOrdinal(here.Stamp, row.Stamp) > 0;
            target[id] = (stays ? target[id] : row) with { IsOwn = false };
        }
        var wrong = target.Keys.Union(now.Keys).Where(id => Shown(target, id) != Shown(now, id))
            .Select(id => $"{table.Name} {id}: {target.GetValueOrDefault(id)} expected, {now.GetValueOrDefault(id)} found")
            .ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(5)));

        static (string?, string?) Shown(Dictionary<int, ModelRow> rows, int id) =>
            rows.TryGetValue(id, out var row) ? (row.Values, row.Stamp) : default;
    }

    public async ValueTask DisposeAsync()
    {
        await EndLateAsync();
        await EndReadAsync();
        // A database in which a transaction is prepared cannot be dropped.
        if (await PreparedAsync() is { } gid)
            await Scenario.ExecuteAsync(scenario.SourceAdmin, $"ROLLBACK PREPARED '{gid}'");
        await CountAgainAsync();
    }

    static async Task<Dictionary<int, ModelRow>> RowsAsync(DatabaseAddress side, ModelTable table)
    {
        await using var session = await Scenario.OpenAsync(side);
        return (await session.RowsAsync(table.Rows, default)).ToDictionary(
            r => r.Int(0),
            r => new ModelRow(r.Text(1), r.Text(2), IsOwn: false));
    }
}
