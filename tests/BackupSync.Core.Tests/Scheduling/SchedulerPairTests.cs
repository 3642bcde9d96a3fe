using System.Globalization;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Scheduling;
using BackupSync.Tests.Runs;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Scheduling;

/// <summary>
/// Two services over one state folder, of which one may begin runs. At random moments one is killed, in a run, when one has ended, or
/// while it tells what it leaves out; or its lease goes to the other, and what it runs goes on. Nothing is lost in silence, and nothing
/// succeeds twice. BACKUPSYNC_TEST_KILLS says how many kills each seed takes.
/// </summary>
[Trait("Needs", "nothing")]
public sealed class SchedulerPairTests : IDisposable
{
    static readonly int Kills = Environment.GetEnvironmentVariable("BACKUPSYNC_TEST_KILLS") is { Length: > 0 } stated
        ? int.Parse(stated, CultureInfo.InvariantCulture)
        : 150;

    readonly TempFolder _temp = new();
    readonly FakeTimeProvider _clock = new(new DateTimeOffset(2025, 10, 18, 6, 0, 1, TimeSpan.Zero));
    readonly List<DateTimeOffset> _succeeded = [];
    readonly HashSet<DateTimeOffset> _told = [];
    Service? _lockedBy;

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData(1, "skip")]
    [InlineData(2, "skip")]
    [InlineData(3, "queue")]
    [InlineData(4, "queue")]
    public async Task Nothing_is_lost_in_silence_and_nothing_succeeds_twice(int seed, string overlap)
    {
        var random = new Random(seed);
        var config = ConfigurationFile.Load(_temp.Write("backupsync.yml", $$"""
            databases: { a: { url: "${NOT_SET_ANYWHERE}" }, b: { url: "${NOT_SET_ANYWHERE}" } }
            jobs:
              copy:
                source: a
                target: b
                backups: { directory: copies }
                schedule: { every: 5m, overlap: {{overlap}}, misfireGrace: {{random.Next(0, 20)}}m }
            """));
        Service[] services = [new(this, config), new(this, config)];
        var kills = 0;
        var holder = 0;
        services[holder].Scheduler.Recall();
        while (kills < Kills)
        {
            _clock.Advance(TimeSpan.FromSeconds(random.Next(1, 400)));
            var service = services[holder];
            service.Death = random.Next(4) == 0 ? (Death)random.Next(1, 4) : Death.None;
            await service.LookAsync();
            if (random.Next(2) == 0)
                await service.EndRunAsync();
            if (!service.IsDead && random.Next(6) == 0)
                holder = 1 - holder;
            else if (service.IsDead)
            {
                kills++;
                services[holder] = new Service(this, config);
                if (_lockedBy == service)
                    _lockedBy = null;
                holder = random.Next(2);
            }
            else
                continue;
            services[holder].Scheduler.Recall();
        }
        foreach (var service in services)
        {
            service.Death = Death.None;
            await service.EndRunAsync();
        }
        for (var i = 0; i < 3; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            await services[holder].LookAsync();
            await services[holder].EndRunAsync();
        }

        Assert.Equal(_succeeded.Distinct(), _succeeded);
        var untold = new List<DateTimeOffset>();
        var schedule = config.Job("copy").Schedule!;
        for (var due = schedule.Next(_told.Min()); due <= _told.Max(); due = schedule.Next(due.Value))
        {
            if (!_told.Contains(due.Value))
                untold.Add(due.Value);
        }
        Assert.Empty(untold);
        Assert.True(_succeeded.Count > Kills / 10, $"{_succeeded.Count} runs are too few to tell.");
    }

    /// <summary>What was said of a time that was due, and with it of those before.</summary>
    void Told(BackupSyncConfig config, DateTimeOffset due, string? why)
    {
        _told.Add(due);
        if (why is null || !new[] { " before it ", "so were others" }.Any(words => why.Contains(words, StringComparison.Ordinal)))
            return;
        var schedule = config.Job("copy").Schedule!;
        var before = _told.Where(t => t < due).DefaultIfEmpty(due.AddDays(-1)).Max();
        for (var next = schedule.Next(before); next < due; next = schedule.Next(next.Value))
            _told.Add(next.Value);
    }

    enum Death
    {
        None,
        InARun,
        AfterARun,
        WhileTelling,
    }

    sealed class Killed : Exception;

    /// <summary>A service, whose run goes on until it is told to end.</summary>
    sealed class Service
    {
        readonly SchedulerPairTests _test;
        TaskCompletionSource? _going;
        Task _run = Task.CompletedTask;
        TaskCompletionSource _entered = new();

        public Service(SchedulerPairTests test, BackupSyncConfig config)
        {
            _test = test;
            DateTimeOffset due = default;
            _entered.SetResult();
            Scheduler = new Scheduler(() => config, (item, _, _) => RunAsync(item, due), e =>
            {
                switch (e)
                {
                    case ScheduledRunStarted started:
                        due = started.Due!.Value;
                        _entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                        _test.Told(config, due, started.Why);
                        break;
                    case ScheduledRunSkipped when Death == Death.WhileTelling:
                        IsDead = true;
                        throw new Killed();
                    case ScheduledRunSkipped skipped:
                        _test.Told(config, skipped.Due, skipped.Why);
                        break;
                }
            }, _test._clock, "machine");
        }

        public Scheduler Scheduler { get; }

        public Death Death { get; set; }

        public bool IsDead { get; private set; }

        public async Task LookAsync()
        {
            try
            {
                Scheduler.Look(default);
                await _entered.Task;
            }
            catch (Killed)
            {
                // As the test wants it.
            }
        }

        /// <summary>Its run ends, or its service dies in it.</summary>
        public async Task EndRunAsync()
        {
            if (IsDead || _going is not { } going)
                return;
            _going = null;
            going.SetResult();
            await _run;
            if (!IsDead)
                await Scheduler.EndedAsync();
        }

        Task<IReadOnlyList<RunResult>> RunAsync(ScheduleItem item, DateTimeOffset due)
        {
            // The target's lock.
            if (_test._lockedBy is not null)
            {
                var refused = Record(item, RunSamples.Succeeded() with { Outcome = RunOutcome.Aborted });
                _entered.TrySetResult();
                return Task.FromResult<IReadOnlyList<RunResult>>([refused]);
            }
            _test._lockedBy = this;
            var going = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _run = over.Task;
            _going = going;
            _entered.TrySetResult();
            return EndAsync();

            async Task<IReadOnlyList<RunResult>> EndAsync()
            {
                await going.Task;
                try
                {
                    if (Death == Death.InARun)
                        await DieAsync(over);
                    _test._succeeded.Add(due);
                    var result = Record(item, RunSamples.Succeeded());
                    if (Death == Death.AfterARun)
                        await DieAsync(over);
                    _test._lockedBy = null;
                    return [result];
                }
                finally
                {
                    over.TrySetResult();
                }
            }
        }

        RunResult Record(ScheduleItem item, RunResult result)
        {
            var now = _test._clock.GetUtcNow();
            result = result with { Job = item.Name, Source = "a", Target = "b", StartTime = now, EndTime = now };
            new HistoryWriter(item.Records[0].Directory, w => Assert.Fail(w)).OnEvent(new RunEnded(result));
            return result;
        }

        async Task DieAsync(TaskCompletionSource over)
        {
            IsDead = true;
            over.SetResult();
            await new TaskCompletionSource().Task;
        }
    }
}
