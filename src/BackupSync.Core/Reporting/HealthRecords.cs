using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Reporting;

/// <summary>
/// What health follows from. Places may be far away, so they are read once; ages and what is late are told anew for each moment, and probes
/// are read each time, for they are small files of this machine.
/// </summary>
sealed class HealthRecords
{
    /// <summary>A busy machine asks late, and a service that is begun anew begins with its places.</summary>
    static readonly TimeSpan Late = TimeSpan.FromMinutes(2);

    readonly BackupSyncConfig _config;
    readonly IReadOnlyList<StatusFacts> _facts;
    readonly IReadOnlyDictionary<string, Reached?> _byRuns;

    /// <summary>Whether a database could be reached.</summary>
    sealed record Reached(bool Connected, DateTimeOffset Time, string? Problem);

    HealthRecords(BackupSyncConfig config, IReadOnlyList<StatusFacts> facts)
    {
        (_config, _facts) = (config, facts);
        _byRuns = config.Databases.ToDictionary(
            d => d.Name, d => facts.First(f => f.Kind == StatusKind.Database && f.Name == d.Name).Runs.Select(r => OfRun(r, d.Name))
                .OfType<Reached>().MaxBy(r => r.Time));
    }

    /// <inheritdoc cref="HealthReport.ReadAsync"/>
    public static async Task<HealthRecords> ReadAsync(
        BackupSyncConfig config, DateTimeOffset now, Action<string> warn, CancellationToken cancellationToken) =>
        new(config, await StatusReport.ReadFactsAsync(config, [], now, warn, cancellationToken));

    public StatusReport StatusAt(DateTimeOffset now) => StatusReport.Of(_facts, now);

    public HealthReport At(DateTimeOffset now, Action<string> warn)
    {
        var entries = StatusAt(now).Entries;
        var databases = entries.Where(e => e.Kind == StatusKind.Database).Select(e => OfDatabase(e, now, warn)).ToList();
        var services = _config.Health.Services.Select(s => OfService(s, now, warn)).ToList();
        var jobs = _config.Jobs.Select(job => OfJob(job, entries.First(e => e.Kind == StatusKind.Job && e.Name == job.Name), databases))
            .ToList();
        return new HealthReport(_config)
        {
            Status = databases.Concat(jobs).Concat(services).Select(e => e.Status).DefaultIfEmpty().Max(),
            Time = now,
            Databases = databases,
            Jobs = jobs,
            Services = services,
        };
    }

    HealthEntry OfDatabase(StatusEntry entry, DateTimeOffset now, Action<string> warn)
    {
        var (probe, unreadable) = _config.Health.Databases.FirstOrDefault(p => p.Name == entry.Name) is { } asked && Probes.IsAsked(asked)
            ? Read(ProbeKind.Database, entry.Name, asked.Every + asked.Timeout, now, warn)
            : (null, null);
        var run = _byRuns[entry.Name];
        var last = probe is null || probe.Time < run?.Time ? null : probe;
        var failed = last?.Problem ?? (last is null ? run?.Problem : null);
        // A run that could not connect has tried for as long as its limit says.
        var reached = last is not null ? StatusOf(last.State) : run is { Connected: false } ? HealthStatus.Down : HealthStatus.Healthy;
        return Of(entry) with
        {
            Status = Worst(StatusOf(entry), reached, unreadable is null ? HealthStatus.Healthy : HealthStatus.Degraded),
            Reason = Because(failed, unreadable, entry.Reason is { } reason && !entry.IsGood ? reason : null),
            Connected = last is not null ? last.Problem is null : run?.Connected,
            Latency = last?.LatencyMs,
            LastCheck = last?.Time ?? run?.Time,
            CheckedBy = last is not null ? HealthCheck.Probe : run is not null ? HealthCheck.Run : null,
            FailedShare = probe?.FailedShare,
            ConnectionsUsed = last?.ConnectionsUsed,
            ConnectionsLimit = last?.ConnectionsLimit,
        };
    }

    /// <summary>A job is no better than its databases: what they lack otherwise is told of them.</summary>
    static HealthEntry OfJob(JobConfig job, StatusEntry entry, List<HealthEntry> databases)
    {
        var sides = databases.Where(d => d.Connected == false && (d.Name == job.Source || d.Name == job.Target)).ToList();
        return Of(entry) with
        {
            Status = Worst([StatusOf(entry), .. sides.Select(s => s.Status)]),
            Reason = Because([.. sides.Select(s => $"{s.Name} does not answer"), entry.IsGood ? null : entry.Reason]),
        };
    }

    HealthEntry OfService(ServiceProbeConfig service, DateTimeOffset now, Action<string> warn)
    {
        var (probe, unreadable) = Read(ProbeKind.Service, service.Name, service.Every + service.Timeout, now, warn);
        return new HealthEntry
        {
            Name = service.Name,
            Kind = HealthKind.Service,
            Status = probe is null ? HealthStatus.Degraded : StatusOf(probe.State),
            Reason = Because(
                unreadable, probe is null && unreadable is null ? "it was never probed: backupsync serve does that" : probe?.Problem,
                probe is { State: ProbeState.Degraded, FailedShare: { } share }
                    ? $"{Percentages.Show(share)} of its probes failed within {Durations.Show(service.ErrorShare.Over)}" : null),
            Connected = probe is null ? null : probe.Problem is null,
            Latency = probe?.LatencyMs,
            LastCheck = probe?.Time,
            CheckedBy = probe is null ? null : HealthCheck.Probe,
            FailedShare = probe?.FailedShare,
        };
    }

    /// <summary>What was found out long ago says nothing of now: whoever asks regularly is not there.</summary>
    /// <param name="turn">How long it is from one probe to the next at most.</param>
    (ProbeRecord? Record, string? Unreadable) Read(ProbeKind kind, string name, TimeSpan turn, DateTimeOffset now, Action<string> warn)
    {
        try
        {
            var record = ProbeRecord.Read(_config.Service.State, kind, name);
            return record is null || now - record.Time <= 2 * turn + Late
                ? (record, null)
                : (null, $"it was not probed for {Durations.Show(now - record.Time)}: backupsync serve does that");
        }
        catch (BackupSyncException failure)
        {
            warn(failure.Message);
            return (null, failure.Message);
        }
    }

    static HealthEntry Of(StatusEntry entry) => new()
    {
        Name = entry.Name,
        Kind = entry.Kind == StatusKind.Job ? HealthKind.Job : HealthKind.Database,
        Status = StatusOf(entry),
        State = entry.State,
        LastCopy = entry.LastCopy,
        AgeSeconds = entry.AgeSeconds,
        RpoLimitSeconds = entry.RpoLimitSeconds,
        LastProof = entry.LastProof,
        Proof = entry.Proof,
        NextDue = entry.NextDue,
    };

    static HealthStatus StatusOf(StatusEntry entry) => entry.IsGood ? HealthStatus.Healthy
        : entry is { State: StatusState.Failed, LastOutcome: RunOutcome.RollbackFailed } ? HealthStatus.Down
        : HealthStatus.Degraded;

    static HealthStatus StatusOf(ProbeState state) => state switch
    {
        ProbeState.Up => HealthStatus.Healthy,
        ProbeState.Down => HealthStatus.Down,
        _ => HealthStatus.Degraded,
    };

    /// <summary>
    /// What a run tells of a database: that it was reached where the run ended well, or had begun its work; that it was not where the run
    /// could not connect to it, which its message begins with. Null where it tells nothing.
    /// </summary>
    static Reached? OfRun(LatestRun run, string database) => run switch
    {
        { Last.Outcome: RunOutcome.Succeeded, Kind: RunKind.Sync or RunKind.Backup or RunKind.Restore } =>
            new Reached(true, run.Last.EndTime, null),
        { Error: { } error } when IsUnreachable(error.Id) && error.Message.StartsWith($"{database}: ", StringComparison.Ordinal) =>
            new Reached(false, run.Last.EndTime, error.Message),
        { LastGood: { } good, Kind: RunKind.Sync or RunKind.Backup or RunKind.Restore } => new Reached(true, good.EndTime, null),
        _ => null,
    };

    static bool IsUnreachable(string errorId) => errorId
        is ErrorIds.ConnectionFailed or ErrorIds.AuthenticationFailed or ErrorIds.DatabaseMissing or ErrorIds.TlsFailed;

    static HealthStatus Worst(params IEnumerable<HealthStatus> all) => all.Max();

    static string? Because(params IReadOnlyList<string?> reasons) =>
        reasons.OfType<string>().Distinct().ToList() is { Count: > 0 } said ? string.Join("; ", said) : null;
}
