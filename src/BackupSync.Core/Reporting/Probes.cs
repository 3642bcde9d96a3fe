using System.Diagnostics;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Reporting;

/// <summary>
/// Asks the databases and services that the configuration has in <c>health</c>, each as often as it says, and records the answers in the
/// state folder. Of several processes with the same folder one asks; when that ends, another one goes on.
/// </summary>
/// <param name="clock">For when to ask, and when it was.</param>
/// <param name="changed">Told when something stands otherwise than by the probe before; it may be called from several threads at once.</param>
/// <param name="warn">Told of what cannot be recorded.</param>
/// <param name="probed">Told of each probe, also where all is as by the one before: alerts count them.</param>
public sealed class Probes(
    BackupSyncConfig config, TimeProvider clock, Action<ProbeChange> changed, Action<string> warn, Action<ProbeChange>? probed = null)
{
    static readonly TimeSpan TurnInterval = TimeSpan.FromSeconds(15);

    readonly string _state = config.Service.State;

    /// <summary>Until it is cancelled. A probe that fails, and a record that cannot be written, end nothing.</summary>
    /// <exception cref="OperationCanceledException">It is cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<Task> all = [];
        using var turn = await WaitForTurnAsync(cancellationToken);
        // Redirections are answers as well, and a connection that is kept open says nothing of whether one can be made.
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.Zero };
        using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.ParseAdd("BackupSync");
        all.AddRange(config.Health.Databases.Where(MayAsk).Select(p => RepeatAsync(
            ProbeKind.Database, p.Name, ProbeRule.Of(p), token => AskAsync(p, token), cancellationToken)));
        all.AddRange(config.Health.Services.Select(p => RepeatAsync(
            ProbeKind.Service, p.Name, ProbeRule.Of(p), token => AskAsync(http, p, token), cancellationToken)));
        await Task.WhenAll(all);
        // Where there is nothing to ask, the turn is kept nevertheless: a service does not end because of that.
        await Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken);
    }

    /// <summary>Whether a database is probed: one that its provider suspends only where it may be woken.</summary>
    internal static bool IsAsked(DatabaseProbeConfig probe) => probe.Wake || !probe.Database.SuspendsWhenIdle;

    static bool MayAsk(DatabaseProbeConfig probe)
    {
        // An address that a command prints is known only when it was asked for.
        _ = probe.Database.AddressProblem;
        return IsAsked(probe);
    }

    async Task<IDisposable> WaitForTurnAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (FolderLock.TryTake(ProbeRecord.FolderOf(_state)) is { } turn)
                    return turn;
            }
            catch (BackupSyncException failure)
            {
                warn($"Nothing is probed: {failure.Message}");
            }
            await Task.Delay(TurnInterval, clock, cancellationToken);
        }
    }

    async Task RepeatAsync(
        ProbeKind kind, string name, ProbeRule rule, Func<CancellationToken, Task<ProbeAnswer>> ask, CancellationToken cancellationToken)
    {
        var record = Guarded(() => ProbeRecord.Read(_state, kind, name));
        for (var next = clock.GetUtcNow(); ; )
        {
            var answer = await Task.Run(() => ask(cancellationToken), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            var now = clock.GetUtcNow();
            var before = record;
            record = rule.After(before, kind, name, answer, now);
            Guarded(() =>
            {
                record.Write(_state);
                return record;
            });
            var change = new ProbeChange(
                kind, name, before?.State, record.State, now, record.FailingSince,
                before is null ? null : now - (before.FailingSince ?? before.Since), answer.Problem);
            if (change.From != change.To)
                changed(change);
            probed?.Invoke(change);
            // By the time of the first, so that slow answers do not add up; those that are missed meanwhile are left out.
            next += rule.Every * Math.Max(1, Math.Ceiling((now - next) / rule.Every));
            var wait = next - clock.GetUtcNow();
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, clock, cancellationToken);
        }
    }

    static async Task<ProbeAnswer> AskAsync(DatabaseProbeConfig probe, CancellationToken cancellationToken)
    {
        try
        {
            var test = await ConnectionTest.RunAsync(probe.Database, probe.Timeout, cancellationToken);
            return new ProbeAnswer(test.LatencyMs, test.Error?.Message)
            {
                ConnectionsUsed = test.ConnectionsUsed, ConnectionsLimit = test.ConnectionsLimit,
            };
        }
        catch (BackupSyncException failure)
        {
            return new ProbeAnswer(null, failure.Message);
        }
    }

    /// <remarks>The limit is a real one, whatever the clock is.</remarks>
    static async Task<ProbeAnswer> AskAsync(HttpClient http, ServiceProbeConfig probe, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(probe.Timeout);
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await http.GetAsync(probe.Http, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var latency = Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 2);
            var status = (int)answer.StatusCode;
            return new ProbeAnswer(latency, status == probe.Expect ? null
                : $"{probe.Where} answered {status}, and {probe.Expect} is expected.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ProbeAnswer(null, $"{probe.Where} did not answer within {Durations.Show(probe.Timeout)}.");
        }
        catch (HttpRequestException failure)
        {
            return new ProbeAnswer(null, $"{probe.Where} cannot be reached ({failure.HttpRequestError}).");
        }
    }

    T? Guarded<T>(Func<T?> work) where T : class
    {
        try
        {
            return work();
        }
        catch (BackupSyncException failure)
        {
            warn(failure.Message);
            return null;
        }
    }
}
