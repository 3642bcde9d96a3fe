namespace BackupSync.Operations.BackUp;

/// <summary>How the connections that one server can spare are shared by the backups of its databases.</summary>
sealed class ServerBudget : IDisposable
{
    /// <summary>What one backup takes of a server: a session that holds the snapshot, one that watches, and pg_dump's.</summary>
    const int ConnectionsOfOne = 3;

    /// <param name="parallel">How many backups are taken at once, of whatever server.</param>
    /// <param name="connections">How many the server can spare.</param>
    public ServerBudget(int databases, int parallel, int connections)
    {
        var atOnce = Math.Max(1, Math.Min(Math.Min(databases, parallel), connections / ConnectionsOfOne));
        Turns = new SemaphoreSlim(atOnce);
        Connections = connections / atOnce;
    }

    public SemaphoreSlim Turns { get; }

    /// <summary>For each.</summary>
    public int Connections { get; }

    public void Dispose() => Turns.Dispose();
}
