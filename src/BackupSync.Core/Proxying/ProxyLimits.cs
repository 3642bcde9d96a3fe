namespace BackupSync.Proxying;

/// <summary>How long the clients of a proxy wait for what, and how many there may be.</summary>
sealed record ProxyLimits
{
    /// <summary>How long a new client may take to say that it is one: as PostgreSQL's own authentication_timeout.</summary>
    public TimeSpan Greeting { get; init; } = TimeSpan.FromMinutes(1);

    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long clients are held at most; then they are told to come back.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a change of the route waits for bytes under way to a server that takes none; then those are cut off.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(1);

    public int Clients { get; init; } = 10_000;
}
