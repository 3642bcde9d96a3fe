namespace BackupSync.Postgres;

/// <summary>Several sessions on one database, to share work.</summary>
sealed class SessionGroup : IAsyncDisposable
{
    readonly List<PgSession> _sessions = [];

    public IReadOnlyList<PgSession> Sessions => _sessions;

    public static async Task<SessionGroup> OpenAsync(PgLogin login, int count, CancellationToken cancellationToken)
    {
        var group = new SessionGroup();
        try
        {
            for (var i = 0; i < count; i++)
                group._sessions.Add(await PgSession.OpenAsync(login, cancellationToken));
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var session in _sessions)
            await session.DisposeAsync();
    }
}
