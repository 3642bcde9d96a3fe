namespace BackupSync.Postgres;

/// <summary>Several sessions on one database, to share work.</summary>
sealed class SessionGroup : IAsyncDisposable
{
    readonly PgSession?[] _sessions;

    SessionGroup(int count) => _sessions = new PgSession?[count];

    public IReadOnlyList<PgSession> Sessions => [.. _sessions.OfType<PgSession>()];

    /// <summary>Opens them side by side: a server far away takes several round trips for each.</summary>
    /// <param name="open">Opens one.</param>
    public static async Task<SessionGroup> OpenAsync(
        Func<CancellationToken, Task<PgSession>> open,
        int count,
        CancellationToken cancellationToken)
    {
        var group = new SessionGroup(count);
        try
        {
            await TaskGroup.RunAsync(cancellationToken, [.. Enumerable.Range(0, count).Select<int, Func<CancellationToken, Task>>(i =>
                async stop => group._sessions[i] = await open(stop))]);
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a statement in each of them, or in those from <paramref name="first"/> on.</summary>
    public Task ExecuteAsync(string statement, CancellationToken cancellationToken, int first = 0) =>
        TaskGroup.RunAsync(
            cancellationToken,
            [.. Sessions.Skip(first).Select<PgSession, Func<CancellationToken, Task>>(s => stop => s.ExecuteAsync(statement, stop))]);

    /// <summary>Closes all but the first <paramref name="count"/>.</summary>
    public async Task KeepAsync(int count)
    {
        for (var i = count; i < _sessions.Length; i++)
        {
            await (_sessions[i]?.DisposeAsync() ?? ValueTask.CompletedTask);
            _sessions[i] = null;
        }
    }

    public async ValueTask DisposeAsync() => await KeepAsync(0);
}
