namespace BackupSync.Operations.BackUp;

/// <summary>How the connections that one server can spare are shared by the backups of its databases.</summary>
sealed class ServerShare : IDisposable
{
    /// <summary>What one backup takes of a server: a session that holds the snapshot, one that watches, and pg_dump's.</summary>
    const int ConnectionsOfOne = 3;

    public ServerShare(int databases, BackupOrder order)
    {
        var atOnce = Math.Max(1, Math.Min(Math.Min(databases, order.Parallel), order.Limits.Connections / ConnectionsOfOne));
        Turns = new SemaphoreSlim(atOnce);
        Connections = order.Limits.Connections / atOnce;
    }

    public SemaphoreSlim Turns { get; }

    /// <summary>For each.</summary>
    public int Connections { get; }

    public void Dispose() => Turns.Dispose();
}
