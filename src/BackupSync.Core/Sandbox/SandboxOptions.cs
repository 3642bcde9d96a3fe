using BackupSync.Configuration;

namespace BackupSync.Sandbox;

/// <summary>What a sandbox is to be like. Everything has a default.</summary>
public sealed record SandboxOptions
{
    /// <summary>What messages and its folder call it.</summary>
    public string Name { get; init; } = "sandbox";

    /// <summary>Where server programs are looked for first.</summary>
    public ToolsConfig Tools { get; init; } = new();

    /// <summary>
    /// The server programs' major version; null for the newest released that the installed client programs can work with.
    /// </summary>
    public int? Major { get; init; }

    /// <summary>Where there are none of <see cref="Major"/>, the oldest newer ones will do, a released version before a beta.</summary>
    public bool OrNewer { get; init; }

    /// <summary>Null for one that is free.</summary>
    public int? Port { get; init; }

    public string Superuser { get; init; } = "postgres";

    /// <summary>Created if it is not <c>postgres</c>.</summary>
    public string Database { get; init; } = "postgres";

    /// <summary>Further lines of postgresql.conf; they win over those the sandbox sets itself.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the server waits for the disk. A sandbox's data need not survive the machine.</summary>
    public bool Fsync { get; init; }

    /// <summary>How long the server may take to start, or to stop.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Brings server programs of a major version (null for any) that this machine lacks, and tells whether it has; null where nobody does.
    /// </summary>
    public Func<int?, CancellationToken, Task<bool>>? Install { get; init; }

    /// <summary>Told in a sentence what takes long.</summary>
    public Action<string>? OnMessage { get; init; }
}
