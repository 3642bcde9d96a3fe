using System.Globalization;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Tests.Sync;
using Xunit.Abstractions;

namespace BackupSync.Tests.Incremental;

/// <summary>
/// Random work on both sides, and beside it a model of what each conflict rule has to make of it. After every run rows, sequences and large objects are
/// compared with the model's, by plain SQL. A few seeds always; <c>BACKUPSYNC_MODEL_SEEDS=1000..1100</c> for others.
/// </summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    const int Rounds = 12;
    const int ChangesPerRound = 8;

    static readonly int[] Majors = [15, 18, 17, 19];

    public static TheoryData<int> Seeds
    {
        get
        {
            var asked = Environment.GetEnvironmentVariable("BACKUPSYNC_MODEL_SEEDS")?.Split("..").Select(s => int.Parse(s, CultureInfo.InvariantCulture)).ToArray();
            return [.. asked is null ? Enumerable.Range(1, 12) : Enumerable.Range(asked[0], asked[^1] - asked[0] + 1)];
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Seeds))]
    public async Task Each_conflict_rule_makes_of_both_sides_what_it_says(int seed)
    {
        var random = new Random(seed);
        var config = new IncrementalConfig
        {
            Conflict = seed % 3 == 0 ? ConflictRule.LastWriteWins : seed % 3 == 1 ? ConflictRule.SourceWins : random.Next(2) == 0 ? ConflictRule.LastWriteWins : ConflictRule.SourceWins,
            Deletes = random.Next(3) > 0,
            Lateness = random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(5),
            BatchSize = random.Next(2) == 0 ? 3 : 1000,
        };
        output.WriteLine($"seed {seed}: {config.Conflict}, deletes {config.Deletes}");
        var server = await VersionedServers.GetAsync(Majors[seed % Majors.Length]);
        await using var scenario = await Scenario.CreateAsync(server, server);
        await scenario.OnSourceAsync("""
            CREATE TABLE items (id int PRIMARY KEY, name text, a text DEFAULT 'x', b text DEFAULT 'x', updated_at timestamptz NOT NULL); CREATE SEQUENCE numbers;
            INSERT INTO items SELECT i, 'n' || i, 'a', 'b', now() - interval '10 days' FROM generate_series(1, 30) i;
            """);
        await scenario.SyncWellAsync(SyncMode.Full);
        scenario.Job = scenario.Job with { Incremental = config, Guards = scenario.Job.Guards with { MaximumShrink = 1 }, Verify = scenario.Job.Verify with { FullEvery = random.Next(2) == 0 ? 24 : 3 } };
        await scenario.SyncWellAsync(SyncMode.Incremental);
        var model = new Model(random, config, scenario);
        await model.ReadAsync();
        for (var round = 0; round < Rounds; round++)
        {
            for (var change = random.Next(ChangesPerRound); change >= 0; change--)
                output.WriteLine($"round {round}: {await model.ChangeAsync()}");
            var result = await scenario.SyncAsync(mode: SyncMode.Incremental);
            Assert.True(result is { Success: true, Mode: SyncMode.Incremental }, $"seed {seed}, round {round}: {result.Outcome} {result.Mode} {result.Error} {string.Join('\n', result.Warnings)}");
            output.WriteLine($"round {round}: {result.Changes().Way}, {result.Changes().Reason}");
            await model.AssertAsync($"seed {seed}, round {round}");
        }
        await model.EndAsync();
    }

    /// <param name="IsOwn">On the target: whether the row is its own, should the source not have it.</param>
    sealed record Row(string Values, string Stamp, bool IsOwn);

    sealed class Model(Random random, IncrementalConfig config, Scenario scenario)
    {
        readonly Dictionary<int, Row> _source = [], _target = [];
        readonly Dictionary<uint, string> _sourceObjects = [], _targetObjects = [];
        long _sourceNumber = 1, _targetNumber = 1;
        PgSession? _late;
        bool _lateIsOnSource;
        int _fresh = 100, _columns;

        bool LastWriteWins => config.Conflict == ConflictRule.LastWriteWins;
        bool MayEmpty => config is { Conflict: ConflictRule.SourceWins, Deletes: true };

        public async Task ReadAsync()
        {
            foreach (var (id, row) in await RowsAsync(scenario.SourceAdmin))
                (_source[id], _target[id]) = (row, row);
        }

        /// <returns>What was done.</returns>
        public async Task<string> ChangeAsync()
        {
            var onSource = random.Next(2) == 0;
            var (side, rows) = onSource ? (scenario.SourceAdmin, _source) : (scenario.TargetAdmin, _target);
            // The source's stamps are its clock's; the target's clock may be hours off.
            var stamp = onSource ? "clock_timestamp()" : $"clock_timestamp() + interval '{random.Next(-7200, 7200)} s'";
            var id = rows.Count > 0 ? rows.Keys.ElementAt(random.Next(rows.Count)) : 0;
            string statement;
            switch (random.Next(14))
            {
                case 0 or 1 or 2:
                    statement = $"INSERT INTO items (id, name, a, b, updated_at) VALUES ({(random.Next(4) == 0 ? random.Next(1, 130) : ++_fresh)}, 'new {_fresh}', 'a', 'b', {stamp}) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, updated_at = EXCLUDED.updated_at";
                    break;
                case 3 or 4 or 5:
                    statement = $"UPDATE items SET name = 'changed {++_fresh}', updated_at = {stamp} WHERE id = {id}";
                    break;
                case 6 or 7:
                    statement = $"DELETE FROM items WHERE id = {id}";
                    rows.Remove(id);
                    await Scenario.ExecuteAsync(side, statement);
                    return $"{(onSource ? "source" : "target")}: {statement}";
                case 8:
                    return await ColumnsAsync();
                case 9:
                    return await LateAsync();
                case 10:
                    return await ObjectAsync(onSource);
                case 11:
                    return await NumberAsync(onSource);
                case 12 when onSource:
                    statement = $"BEGIN; CREATE TEMP TABLE again ON COMMIT DROP AS SELECT * FROM items WHERE id % 5 <> 0; TRUNCATE items; INSERT INTO items (id, name, a, b, updated_at) SELECT id, name, a, b, {stamp} FROM again; COMMIT";
                    await Scenario.ExecuteAsync(side, statement);
                    rows.Clear();
                    foreach (var (key, row) in await RowsAsync(side))
                        rows[key] = row;
                    return $"source: {statement}";
                default:
                    statement = $"UPDATE items SET updated_at = updated_at WHERE id = {id}";
                    break;
            }
            await WriteAsync(side, rows, statement);
            return $"{(onSource ? "source" : "target")}: {statement}";
        }

        /// <summary>The rows that were written are as the server has them now; on the target they are its own from here on.</summary>
        static async Task WriteAsync(DatabaseAddress side, Dictionary<int, Row> rows, string statement)
        {
            await using var session = await Scenario.OpenAsync(side);
            foreach (var row in await session.RowsAsync($"{statement} RETURNING id", default))
            {
                var id = int.Parse(row[0]!, CultureInfo.InvariantCulture);
                rows[id] = (await RowsAsync(side))[id] with { IsOwn = true };
            }
        }

        /// <summary>Values change on either side, and no row is written.</summary>
        async Task<string> ColumnsAsync()
        {
            var column = random.Next(2) == 0 ? "a" : "b";
            string Statement(string side) => random.Next(3) == 0
                ? "ALTER TABLE items RENAME a TO x; ALTER TABLE items RENAME b TO a; ALTER TABLE items RENAME x TO b"
                : $"ALTER TABLE items DROP COLUMN {column}; ALTER TABLE items ADD COLUMN {column} text DEFAULT '{side}{++_columns}'; ALTER TABLE items ALTER COLUMN {column} SET DEFAULT 'x'";
            var statements = (Source: Statement("s"), Target: random.Next(2) == 0 ? "" : Statement("t"));
            foreach (var (side, rows, statement) in new[] { (scenario.SourceAdmin, _source, statements.Source), (scenario.TargetAdmin, _target, statements.Target) }.Where(s => s.Item3.Length > 0))
            {
                await Scenario.ExecuteAsync(side, statement);
                var now = await RowsAsync(side);
                foreach (var id in rows.Keys.ToList())
                    rows[id] = now[id] with { IsOwn = rows[id].IsOwn };
            }
            return $"{statements}";
        }

        /// <summary>A transaction that is stamped by its begin, and ends some runs later.</summary>
        async Task<string> LateAsync()
        {
            if (_late is null)
            {
                _lateIsOnSource = random.Next(2) == 0;
                _late = await Scenario.OpenAsync(_lateIsOnSource ? scenario.SourceAdmin : scenario.TargetAdmin);
                await _late.ExecuteAsync("BEGIN; SELECT pg_current_xact_id()", default);
                return $"a transaction begins, on the source: {_lateIsOnSource}";
            }
            var id = ++_fresh;
            await _late.ExecuteAsync($"INSERT INTO items (id, name, a, b, updated_at) VALUES ({id}, 'late', 'a', 'b', now()); COMMIT", default);
            await _late.DisposeAsync();
            _late = null;
            var (side, rows) = _lateIsOnSource ? (scenario.SourceAdmin, _source) : (scenario.TargetAdmin, _target);
            rows[id] = (await RowsAsync(side))[id] with { IsOwn = true };
            return $"it inserts {id} and ends";
        }

        async Task<string> ObjectAsync(bool onSource)
        {
            var (side, objects) = onSource ? (scenario.SourceAdmin, _sourceObjects) : (scenario.TargetAdmin, _targetObjects);
            var oid = (uint)(70000 + random.Next(6));
            var text = $"text {++_fresh}";
            var isThere = objects.Remove(oid);
            if (!isThere || random.Next(2) == 0)
                objects[oid] = text;
            var statement = $"{(isThere ? $"SELECT lo_unlink({oid}); " : "")}{(objects.ContainsKey(oid) ? $"SELECT lo_from_bytea({oid}, '{text}')" : "")}";
            await Scenario.ExecuteAsync(side, statement);
            return $"{(onSource ? "source" : "target")}: {statement}";
        }

        async Task<string> NumberAsync(bool onSource)
        {
            var number = random.Next(1, 1000);
            await Scenario.ExecuteAsync(onSource ? scenario.SourceAdmin : scenario.TargetAdmin, $"SELECT setval('numbers', {number})");
            if (onSource)
                _sourceNumber = number;
            else
                _targetNumber = number;
            return $"{(onSource ? "source" : "target")}: numbers at {number}";
        }

        /// <summary>What the target must hold now; and that is what the model goes on from.</summary>
        public async Task AssertAsync(string when)
        {
            // While a transaction of the target is open, nobody knows of younger ones whether they came before it was looked: such rows may stay.
            var mayStay = _late is not null && !_lateIsOnSource;
            var now = await RowsAsync(scenario.TargetAdmin);
            foreach (var (id, row) in _target.ToList())
            {
                if (_source.TryGetValue(id, out var there))
                    continue;
                var stays = LastWriteWins ? row.IsOwn || !config.Deletes : !config.Deletes;
                if (!stays && !(LastWriteWins && mayStay && now.ContainsKey(id)))
                    _target.Remove(id);
                else if (LastWriteWins)
                    _target[id] = row with { IsOwn = true };
            }
            foreach (var (id, row) in _source)
            {
                var stays = LastWriteWins && _target.TryGetValue(id, out var here) && string.CompareOrdinal(here.Stamp, row.Stamp) > 0;
                _target[id] = (stays ? _target[id] : row) with { IsOwn = false };
            }
            var wrong = _target.Keys.Union(now.Keys).Where(id => (_target.GetValueOrDefault(id) is { } e ? (e.Values, e.Stamp) : default) != (now.GetValueOrDefault(id) is { } n ? (n.Values, n.Stamp) : default))
                .Select(id => $"{id}: {_target.GetValueOrDefault(id)} expected, {now.GetValueOrDefault(id)} found").ToList();
            Assert.True(wrong.Count == 0, $"{when}: {string.Join('\n', wrong.Take(5))}");

            _targetNumber = MayEmpty ? _sourceNumber : Math.Max(_targetNumber, _sourceNumber);
            if (MayEmpty)
                _targetObjects.Clear();
            foreach (var (oid, text) in _sourceObjects)
                _targetObjects[oid] = text;
            var others = await Scenario.TextAsync(scenario.TargetAdmin, """
                SELECT concat_ws(', ', (SELECT last_value FROM numbers), (SELECT string_agg(oid || ' ' || convert_from(lo_get(oid), 'UTF8'), ', ' ORDER BY oid) FROM pg_largeobject_metadata))
                """);
            Assert.Equal(string.Join(", ", _targetObjects.OrderBy(o => o.Key).Select(o => $"{o.Key} {o.Value}").Prepend(_targetNumber.ToString(CultureInfo.InvariantCulture))), others);
        }

        public async Task EndAsync() => await (_late?.DisposeAsync() ?? ValueTask.CompletedTask);

        static async Task<Dictionary<int, Row>> RowsAsync(DatabaseAddress side)
        {
            await using var session = await Scenario.OpenAsync(side);
            return (await session.RowsAsync("SELECT id, concat_ws('|', name, a, b), to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') FROM items", default))
                .ToDictionary(r => int.Parse(r[0]!, CultureInfo.InvariantCulture), r => new Row(r[1]!, r[2]!, IsOwn: false));
        }
    }
}
