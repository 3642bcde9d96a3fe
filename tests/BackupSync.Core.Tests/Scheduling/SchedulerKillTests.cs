using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Scheduling;
using BackupSync.Tests.Runs;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Scheduling;

/// <summary>
/// Services that are killed at any moment, one after the other, over a clock that jumps: of what they began nothing is lost in silence,
/// and nothing that ended well is run again.
/// </summary>
[Trait("Needs", "nothing")]
public sealed class SchedulerKillTests : IDisposable
{
    readonly TempFolder _temp = new();
    readonly FakeTimeProvider _clock = new(new DateTimeOffset(2025, 10, 18, 6, 0, 1, TimeSpan.Zero));
    readonly List<DateTimeOffset> _begun = [];
    readonly List<DateTimeOffset> _succeeded = [];
    readonly List<DateTimeOffset> _skipped = [];

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Nothing_is_lost_and_nothing_is_done_twice(int seed)
    {
        const int Kills = 250;
        var random = new Random(seed);
        var config = ConfigurationFile.Load(_temp.Write("backupsync.yml", $$"""
            databases: { a: { url: "${NOT_SET_ANYWHERE}" }, b: { url: "${NOT_SET_ANYWHERE}" } }
            jobs:
              copy: { source: a, target: b, backups: { directory: copies }, schedule: { every: 5m, misfireGrace: {{random.Next(0, 20)}}m } }
            """));
        for (var kills = 0; kills < Kills; kills++)
            await LiveAsync(config, random, dies: true);
        await LiveAsync(config, random, dies: false);

        Assert.Equal(_succeeded.Distinct(), _succeeded);
        // What was begun came to an end, or it was told that it did not.
        Assert.Empty(_begun.Distinct().Except(_succeeded).Except(_skipped));
        Assert.True(_succeeded.Count > 50, $"{_succeeded.Count} runs are too few to tell.");
        Assert.Equal(_succeeded.Count, RunHistory.Read(_temp.File("copies")).Count(r => r.Success));
        Assert.Null(new ScheduleMemory(config.Service.State).Read()["job copy"].Claim);
    }

    /// <summary>A service from its start until it is killed: between runs, in one, or when one has ended and it has not noted that.</summary>
    async Task LiveAsync(BackupSyncConfig config, Random random, bool dies)
    {
        var looks = random.Next(1, 8);
        var death = dies ? random.Next(3) : -1;
        var isDead = new TaskCompletionSource();
        DateTimeOffset due = default;
        async Task<IReadOnlyList<RunResult>> RunAsync(ScheduleItem item, IReadOnlyList<string> databases, CancellationToken stop)
        {
            if (death == 1 && looks <= 1)
                await DieAsync(isDead);
            _succeeded.Add(due);
            var result = RunSamples.Succeeded() with
            {
                Job = item.Name, Source = "a", Target = "b", StartTime = _clock.GetUtcNow(), EndTime = _clock.GetUtcNow(),
            };
            new HistoryWriter(item.Records[0].Directory, w => Assert.Fail(w)).OnEvent(new RunEnded(result));
            if (death == 2 && looks <= 1)
                await DieAsync(isDead);
            return [result];
        }

        var scheduler = new Scheduler(() => config, RunAsync, e =>
        {
            if (e is ScheduledRunStarted started)
                _begun.Add(due = started.Due!.Value);
            if (e is ScheduledRunSkipped skipped)
                _skipped.Add(skipped.Due);
        }, _clock, "machine");
        scheduler.Recall();
        for (; looks > 0; looks--)
        {
            _clock.Advance(TimeSpan.FromSeconds(random.Next(1, 400)));
            scheduler.Look(default);
            await Task.WhenAny(scheduler.EndedAsync(), isDead.Task);
            // What the end of a claim made possible.
            if (!isDead.Task.IsCompleted)
            {
                scheduler.Look(default);
                await Task.WhenAny(scheduler.EndedAsync(), isDead.Task);
            }
            if (isDead.Task.IsCompleted)
                return;
        }
    }

    static async Task DieAsync(TaskCompletionSource isDead)
    {
        isDead.SetResult();
        await new TaskCompletionSource().Task;
    }
}
