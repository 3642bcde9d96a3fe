using System.Security.Cryptography;
using System.Text;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Alerting;

/// <summary>
/// Tells a watcher elsewhere that a run begins and how it ends, as healthchecks.io has it: whoever hears nothing warns of it, also when
/// this machine is gone.
/// </summary>
sealed class RunPing(LateValue<Secret> address, TimeProvider clock)
{
    const int Attempts = 3;
    const int MostBody = 10_000;

    /// <summary>Of one attempt, and so three times as long at the end of a run at most.</summary>
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    Task _starting = Task.CompletedTask;
    Guid _id;

    /// <summary>Returns at once; the run does not wait.</summary>
    public void Start(string runId)
    {
        _id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(runId))[..16]);
        _starting = Task.Run(async () =>
        {
            try
            {
                await SendAsync("start", "");
            }
            catch (ChannelException)
            {
                // The end says it, should it not arrive either.
            }
        });
    }

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.AlertFailed"/>: it was not accepted.</exception>
    public async Task EndAsync(int exitCode, string summary)
    {
        // In their order, or the run would seem to go on.
        await _starting;
        try
        {
            await SendAsync(exitCode == 0 ? "" : $"{Math.Min(exitCode, 255)}", AlertText.Cut(summary, MostBody));
        }
        catch (ChannelException e)
        {
            throw new BackupSyncException(
                ErrorIds.AlertFailed, $"The watcher of the run was not told how it ended: {e.Message}",
                "Look at the address of 'ping', and at the network.", e);
        }
    }

    async Task SendAsync(string what, string body)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var time = new CancellationTokenSource(Limit);
            try
            {
                if (address.Problem is { } problem)
                    throw new ChannelException(problem.Message) { IsLasting = true };
                var url = UrlOf(address.Value.Reveal(), what);
                await HttpSender.PostAsync(new HttpPayload(url, body) { ContentType = "text/plain" }, clock, time.Token);
                return;
            }
            catch (OperationCanceledException) when (attempt == Attempts)
            {
                throw new ChannelException($"There was no answer within {Durations.Show(Limit)}.");
            }
            catch (OperationCanceledException)
            {
                // Once more.
            }
            catch (ChannelException e) when (!e.IsLasting && attempt < Attempts)
            {
                // Once more.
            }
        }
    }

    /// <summary>What comes below the path goes before what the address asks for.</summary>
    string UrlOf(string url, string what)
    {
        var made = new UriBuilder(url);
        made.Path = what.Length == 0 ? made.Path : $"{made.Path.TrimEnd('/')}/{what}";
        made.Query = $"{made.Query.TrimStart('?')}{(made.Query.Length > 1 ? "&" : "")}rid={_id}";
        return made.Uri.AbsoluteUri;
    }
}

/// <summary>Pings for one run.</summary>
sealed class PingObserver(RunPing ping) : IRunObserver
{
    public void OnEvent(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case RunStarted { RunId: var id }:
                ping.Start(id);
                break;
            case RunEnded { Result: var result }:
                ping.EndAsync(RunExitCode.Of(result.Outcome), RunAlerts.HeadlineOf(result)).GetAwaiter().GetResult();
                break;
        }
    }
}
