using System.Globalization;
using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Tests.Verification;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Work that is rare: on how tables are made, on what a job is asked for, and beside its runs.</summary>
sealed partial class Model
{
    PgSession? _reader;
    bool _hasLongKey, _isRewound;

    /// <summary>Somebody reads a table of the target until the next run has ended.</summary>
    async Task<string> ShapeAsync(ModelWork work)
    {
        var shapes = _shapes.Where(s => s.Work == work).ToList();
        if (shapes.Count == 0)
            return "not on this version";
        var changes = string.Join(';', shapes.Select(s => s.Change));
        var change = string.Format(CultureInfo.InvariantCulture, changes, ++_fresh, _random.Next(1, 21));
        await scenario.OnSourceAsync(change);
        if (_reader is null)
        {
            _reader = await Scenario.OpenAsync(scenario.TargetAdmin);
            await _reader.ExecuteAsync($"BEGIN; {string.Join(';', shapes.Select(s => $"SELECT FROM {s.Name}"))}", default);
        }
        return $"source: {change}";
    }

    async Task EndReadAsync()
    {
        await (_reader?.DisposeAsync() ?? ValueTask.CompletedTask);
        _reader = null;
    }

    /// <summary>Nobody but runs writes there: each row of the source is there as it is, and where nothing may stay no other one.</summary>
    async Task AssertShapeAsync(ModelShape shape)
    {
        var (there, here) = (await TextsAsync(scenario.SourceAdmin), await TextsAsync(scenario.TargetAdmin));
        var wrong = there.Except(here).Select(r => "- " + r)
            .Concat(MayEmpty ? here.Except(there).Select(r => "+ " + r) : []).ToList();
        Assert.True(wrong.Count == 0, $"{shape.Name}: {string.Join('\n', wrong.Take(5))}");

        async Task<List<string>> TextsAsync(DatabaseAddress side)
        {
            await using var session = await Scenario.OpenAsync(side);
            return [.. (await session.RowsAsync(shape.Read, default)).Select(r => r.Text(0))];
        }
    }

    /// <summary>A table is emptied, and gets the same rows again, in a transaction that a run waits for.</summary>
    async Task<string> WaitingAsync(ModelTable table)
    {
        await using var others = await Scenario.OpenAsync(scenario.SourceAdmin);
        await others.ExecuteAsync($"BEGIN; CREATE TEMP TABLE again ON COMMIT DROP AS SELECT * FROM {table.Name}; TRUNCATE {table.Name}; "
            + $"INSERT INTO {table.Name} ({table.Into}) SELECT {table.Into} FROM again", default);
        var run = Task.Run(() => scenario.SyncAsync(mode: SyncMode.Incremental));
        var waits = $"SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            + $"WHERE d.datname = '{scenario.Source.Database}' AND NOT l.granted";
        await Eventually.IsTrueAsync(async () => run.IsCompleted || await Scenario.CountAsync(source.Address, waits) > 0, "a run waits");
        await others.ExecuteAsync("COMMIT", default);
        return await CarriedAsync(await run);
    }

    /// <summary>More rows of its own than anybody would keep in a list.</summary>
    async Task<string> ManyOwnAsync()
    {
        if (!LastWriteWins)
            return "not where no row is the target's own";
        await scenario.OnTargetAsync("INSERT INTO items (id, name, a, b, updated_at) SELECT i, 'own', 'a', 'b', clock_timestamp() "
            + "FROM generate_series(100001, 110500) i ON CONFLICT DO NOTHING");
        foreach (var (id, row) in (await RowsAsync(scenario.TargetAdmin, ModelTable.Items)).Where(r => r.Key > 100000))
            _target[ModelTable.Items][id] = row with { IsOwn = true };
        return "10,500 rows of the target";
    }

    /// <summary>A run goes without a table, which is there again in the next one.</summary>
    async Task<string> ExcludeAsync(ModelTable table)
    {
        var result = await AsAsync(scenario.Job with { Exclude = new ExcludeConfig { Data = [table.Name] } });
        await CarriedAsync(result, table);
        StaysAll(table);
        return $"without {table.Name}";
    }

    /// <summary>Whose a row is that only the target has, nobody has written down in that form.</summary>
    void StaysAll(ModelTable table)
    {
        foreach (var (id, row) in _target[table].ToList())
            _target[table][id] = row with { IsOwn = true };
    }

    async Task<RunResult> AsAsync(JobConfig other)
    {
        var job = scenario.Job;
        scenario.Job = other;
        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        scenario.Job = job;
        return result;
    }

    /// <summary>The same other key on both sides.</summary>
    async Task<string> KeyAsync()
    {
        if (_saved is not null)
            return "not while a source of before may come back";
        var statement = _hasLongKey
            ? "ALTER TABLE local DROP CONSTRAINT local_pkey; DROP INDEX local_id; ALTER TABLE local ADD PRIMARY KEY (id)"
            : "ALTER TABLE local DROP CONSTRAINT local_pkey; ALTER TABLE local ADD PRIMARY KEY (id, k); "
                + "CREATE UNIQUE INDEX local_id ON local (id)";
        _hasLongKey = !_hasLongKey;
        await scenario.OnSourceAsync(statement);
        await scenario.OnTargetAsync(statement);
        StaysAll(ModelTable.Local);
        return $"both: {statement}";
    }

    /// <summary>On the target alone the key is of other columns, by the same name: rows alone will not do.</summary>
    async Task<string> OtherKeyAsync()
    {
        if (_hasLongKey)
            return "not while the key is long";
        await EndReadAsync();
        await scenario.OnTargetAsync("UPDATE local SET k = id; ALTER TABLE local DROP CONSTRAINT local_pkey; "
            + "ALTER TABLE local ADD CONSTRAINT local_pkey PRIMARY KEY (k)");
        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        var text = $"a key of the same name on another column: {result.Outcome} {result.Mode} {result.Error} {result.Error?.Detail}";
        Assert.True(MayEmpty ? result is { Success: true, Mode: SyncMode.Full } : result.Error?.Id == ErrorIds.SchemaChanged, text);
        if (result.Success)
        {
            CopiedWhole();
            return text;
        }
        await scenario.OnTargetAsync("ALTER TABLE local DROP CONSTRAINT local_pkey; "
            + "ALTER TABLE local ADD PRIMARY KEY (id); UPDATE local SET k = 0");
        StaysAll(ModelTable.Local);
        return text;
    }

    /// <summary>A job for one table, which has another form now: no full run may follow and take what only the target has.</summary>
    async Task<string> PartAsync()
    {
        await scenario.OnTargetAsync("CREATE TABLE precious (id int)");
        await scenario.OnSourceAsync("ALTER TABLE items ADD COLUMN more int");
        var result = await AsAsync(scenario.Job with { Tables = ["items"] });
        var isThere = await Scenario.CountAsync(scenario.TargetAdmin, "SELECT count(*) FROM pg_class WHERE relname = 'precious'");
        Assert.True(isThere == 1 && result.Error?.Id == ErrorIds.SchemaChanged,
            $"a job for items alone, whose form differs: {result.Outcome} {result.Mode} {result.Error}, "
            + $"and {isThere} tables of the target's own are left");
        await scenario.OnSourceAsync("ALTER TABLE items DROP COLUMN more");
        await scenario.OnTargetAsync("DROP TABLE precious");
        return "a job for items alone, whose form differs";
    }

    /// <summary>Event triggers of the target that refuse what a run makes for itself.</summary>
    async Task<string> EventsAsync()
    {
        await scenario.OnTargetAsync("""
            CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no % here', tg_tag; END$$;
            CREATE EVENT TRIGGER refuses ON ddl_command_start
                WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'CREATE SCHEMA', 'ALTER TABLE', 'DROP TABLE') EXECUTE FUNCTION refuse()
            """);
        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        await scenario.OnTargetAsync("DROP EVENT TRIGGER refuses; DROP FUNCTION refuse()");
        return await CarriedAsync(result);
    }

    /// <summary>Rows that stay are no reason for the guard to refuse a run.</summary>
    async Task<string> GuardedAsync()
    {
        if (!LastWriteWins)
            return "not where no row is the target's own";
        await RunAsync();
        await scenario.OnTargetAsync(
            "INSERT INTO plain (id, name) SELECT i, 'own' FROM generate_series(5001, 5300) i ON CONFLICT DO NOTHING");
        foreach (var (id, row) in (await RowsAsync(scenario.TargetAdmin, ModelTable.Plain)).Where(r => r.Key > 5000))
            _target[ModelTable.Plain][id] = row with { IsOwn = true };
        return await CarriedAsync(await AsAsync(scenario.Job with { Guards = scenario.Job.Guards with { MaximumShrink = 0.5 } }));
    }

    /// <summary>What a run has written and rolled back was nobody else.</summary>
    async Task<string> RolledBackAsync()
    {
        await RunAsync();
        await RowAsync(ModelWork.Update, ModelTable.Items, onSource: true);
        using var stop = new CancellationTokenSource();
        var stopped = await scenario.SyncAsync(Faults.AtStep(RunStep.Verify, stop.Cancel), stop.Token, mode: SyncMode.Incremental);
        if (stopped.Success)
            return await CarriedAsync(stopped);
        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
        var told = await CarriedAsync(result);
        Assert.False(told.Contains("others have written", StringComparison.Ordinal), $"after a run that was rolled back: {told}");
        return told;
    }

    /// <summary>Whatever decides how queries answer, compare tells where it differs.</summary>
    async Task<string> DiffersAsync()
    {
        var oldest = Math.Min(source.Version.Major, target.Version.Major);
        var known = SchemaKind.All.Where(k => k.Value.Since <= oldest && !k.Value.IsOnlyTold
            && !k.Value.Setup.Contains("EVENT TRIGGER", StringComparison.Ordinal)).ToList();
        var (name, kind) = known[_random.Next(known.Count)];
        foreach (var side in new[] { scenario.SourceAdmin, scenario.TargetAdmin })
            await Scenario.ExecuteAsync(side, $"CREATE SCHEMA differs; SET search_path = differs; {kind.Setup}");
        await scenario.OnSourceAsync($"SET search_path = differs; {kind.Change}");
        var compared = await ComparisonRunner.RunAsync(
            scenario.Job.SourceDatabase, scenario.Job.TargetDatabase, new ComparisonOptions(), null, null, default);
        foreach (var side in new[] { scenario.SourceAdmin, scenario.TargetAdmin })
            await Scenario.ExecuteAsync(side, "DROP SCHEMA differs CASCADE");
        Assert.True(compared.Items.Any(i => i.State != ComparedState.Equal && i.Name.Contains("differs.", StringComparison.Ordinal)),
            $"compare tells nothing of {name}: {kind.Change}");
        return $"compare tells of {name}";
    }

    /// <summary>The source's server gets its files of before, and has begun as many transactions as it had when a run asks it.</summary>
    async Task<string> RewindAsync()
    {
        if (_saved is not null && !_isRewound)
            return "not while a database may come back";
        var (data, kept) = (source.DataDirectory, source.DataDirectory + ".kept");
        var next = await Scenario.CountAsync(source.Address, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
        await source.KillAsync(default);
        if (_saved is not { } saved)
        {
            await FilesAsync("rm", "-rf", kept);
            await FilesAsync("cp", "-a", data, kept);
            await source.StartAgainAsync(default);
            (_saved, _isRewound) = (Save(), true);
            return "the source's files are kept";
        }
        await FilesAsync("rm", "-rf", data);
        await FilesAsync("mv", kept, data);
        await source.StartAgainAsync(default);
        TakeBack(saved);
        await scenario.OnSourceAsync("DO $$ BEGIN WHILE pg_snapshot_xmax(pg_current_snapshot())::text::bigint <= "
            + $"{next} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$");
        return "the source's files are what they were then";

        async Task FilesAsync(params string[] command)
        {
            var result = await ChildProcess.RunAsync(new ChildCommand(command[0], command[1..]) { WorkingDirectory = "/" }, default);
            Assert.True(result.ExitCode == 0, result.ErrorTail);
        }
    }

    /// <summary>Some runs read a standby, while a transaction is open on its primary.</summary>
    async Task<string> StandbyAsync()
    {
        await using var standby = await StandbyServer.StartAsync(source);
        var job = scenario.Job;
        scenario.ReadFrom(standby.Of(scenario.Source));
        await CaughtUpRunAsync();
        await using var others = await Scenario.OpenAsync(scenario.SourceAdmin);
        var id = ++_fresh;
        await others.ExecuteAsync("BEGIN; INSERT INTO items (id, name, a, b, updated_at) "
            + $"VALUES ({id}, 'open on the primary', 'a', 'b', now() - interval '1 minute'); "
            + $"UPDATE items SET name = 'open on the primary', updated_at = now() - interval '1 minute' WHERE id = {PreparedId}", default);
        await RowAsync(ModelWork.Update, ModelTable.Items, onSource: true);
        await CaughtUpRunAsync();
        await others.ExecuteAsync("COMMIT", default);
        var now = await RowsAsync(scenario.SourceAdmin, ModelTable.Items);
        foreach (var written in new[] { id, PreparedId }.Where(now.ContainsKey))
            _source[ModelTable.Items][written] = now[written];
        await CaughtUpRunAsync();
        scenario.Job = job;
        return "runs from a standby";

        async Task CaughtUpRunAsync()
        {
            await standby.CatchUpAsync(source);
            await RunAsync();
        }
    }
}
