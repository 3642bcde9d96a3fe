using System.Diagnostics;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.Sync;

/// <summary>Nobody waits for a run longer than <c>limits.blocking</c>: the server sees no deadlock where its two ends meet in our process.</summary>
public sealed class GivingWayTests(Servers servers) : IClassFixture<Servers>
{
    static readonly TimeSpan Blocking = TimeSpan.FromSeconds(2);

    /// <summary>Far below the limits of steps, which is how long it used to be, and far above what a busy machine takes.</summary>
    static readonly TimeSpan Bearable = Blocking + TimeSpan.FromSeconds(8);

    public static TheoryData<RunStep, string> Commands => new()
    {
        { RunStep.Statistics, "ALTER TABLE t1 ADD COLUMN added int" },
        { RunStep.Statistics, "TRUNCATE t1" },
        { RunStep.Dump, "ALTER TABLE t1 ADD COLUMN added int" },
        { RunStep.Dump, "VACUUM FULL t1" },
        { RunStep.Dump, "BEGIN; LOCK TABLE t1 IN ACCESS EXCLUSIVE MODE; COMMIT" },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Who_changes_a_table_of_the_source_and_who_reads_it_after_him_wait_a_moment_only(RunStep step, string command)
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await FillAsync(scenario.SourceAdmin);
        scenario.Job = scenario.Job with { Limits = scenario.Job.Limits with { Blocking = Blocking } };
        await using var others = new Others(scenario.SourceAdmin, command);

        var result = await scenario.SyncAsync(others.At(step));

        await others.AssertBearableAsync();
        await AssertWellOrGaveWayAsync(result, scenario.SourceAdmin, scenario.TargetAdmin);
        await scenario.AssertNothingIsLeftAsync();
    }

    static async Task FillAsync(DatabaseAddress address)
    {
        for (var i = 1; i <= 3; i++)
            await Scenario.ExecuteAsync(address, $"CREATE TABLE t{i} (id int PRIMARY KEY, name text); INSERT INTO t{i} SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 300000) i");
    }

    static async Task AssertWellOrGaveWayAsync(RunResult result, DatabaseAddress source, DatabaseAddress target)
    {
        if (result.Error is { } error)
        {
            Assert.Equal((RunOutcome.Aborted, ErrorIds.GaveWay), (result.Outcome, error.Id));
            Assert.Contains("t1", error.Message, StringComparison.Ordinal);
            return;
        }
        Assert.Equal(await Scenario.CountAsync(source, "SELECT count(*) FROM t1"), await Scenario.CountAsync(target, "SELECT count(*) FROM t1"));
    }

    /// <summary>One who changes a table, and one who reads it as soon as that one waits.</summary>
    sealed class Others(DatabaseAddress address, string command) : IAsyncDisposable
    {
        readonly List<Task<TimeSpan>> _statements = [];
        readonly CancellationTokenSource _end = new();
        int _begun;

        public Action<RunEvent> At(RunStep step) => e =>
        {
            if (e is StepStarted started && started.Step == step && Interlocked.Exchange(ref _begun, 1) == 0)
            {
                lock (_statements)
                    _statements.AddRange([TimedAsync(command, 300), TimedAsync("SELECT count(*) FROM t1", 500)]);
            }
        };

        public async Task AssertBearableAsync()
        {
            Assert.NotEmpty(_statements);
            foreach (var statement in _statements)
                Assert.True(await statement < Bearable, $"a statement took {await statement}");
        }

        async Task<TimeSpan> TimedAsync(string sql, int afterMilliseconds)
        {
            await Task.Delay(afterMilliseconds, _end.Token);
            await using var session = await Scenario.OpenAsync(address);
            await session.ExecuteAsync("SET lock_timeout = 0", _end.Token);
            var clock = Stopwatch.StartNew();
            await session.ExecuteAsync(sql, _end.Token);
            return clock.Elapsed;
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            _end.Dispose();
        }
    }
}
