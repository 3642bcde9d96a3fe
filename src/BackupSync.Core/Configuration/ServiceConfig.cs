namespace BackupSync.Configuration;

/// <summary>How <c>backupsync serve</c> runs: its address, its state, and what keeps two services from doing the same.</summary>
public sealed record ServiceConfig
{
    /// <summary>Where health, metrics and the page are served, by HTTP.</summary>
    public Uri Listen { get; init; } = new("http://127.0.0.1:8080");

    /// <summary>
    /// What a request has to bring, as <c>Authorization: Bearer …</c>, where <see cref="Listen"/> is not this machine alone, and to pause or
    /// acknowledge. Null for none.
    /// </summary>
    internal LateValue<Secret>? Token { get; init; }

    /// <summary>Whether only this machine's own programs come to <see cref="Listen"/>.</summary>
    public bool IsLocal => ServiceReader.IsLoopback(Listen);

    /// <summary>The token; null where there is none.</summary>
    /// <exception cref="ConfigurationException">It cannot be had on this machine.</exception>
    public string? ReadToken() => Token?.Value.Reveal();

    /// <summary>
    /// The database whose table <c>backupsync.lease</c> says which of several services runs. Null where there is one machine: a file in
    /// <see cref="State"/> says it then.
    /// </summary>
    public DatabaseConfig? Lease { get; init; }

    /// <summary>
    /// How many jobs and plans run at a time at most; what else is due waits for its turn, within its <c>misfireGrace</c>. Each run takes
    /// connections of its databases, and work of this machine.
    /// </summary>
    public int RunsAtOnce { get; init; } = 4;

    /// <summary>The folder in which schedules, alerts and probes are remembered.</summary>
    public string State { get; init; } = "state";
}
