using BackupSync.Sandbox;

namespace BackupSync.Tests.Soak;

/// <summary>A source's and a target's server of each version, started when first asked for. They may die, and are started again.</summary>
public sealed class SoakServers : IAsyncDisposable, IAsyncLifetime
{
    readonly Dictionary<(SoakSide, int), SandboxServer> _servers = [];

    /// <summary>What the installed versions allow: a source's and a target's, which is as new or newer.</summary>
    public static IReadOnlyList<(int Source, int Target)> Pairs =>
        [.. from source in VersionedServers.Majors from target in VersionedServers.Majors where target >= source select (source, target)];

    public async Task<SandboxServer> GetAsync(SoakSide side, int major)
    {
        if (!_servers.TryGetValue((side, major), out var server))
        {
            _servers[(side, major)] = server = await SandboxServer.StartAsync(new SandboxOptions
            {
                Name = $"soak{side.ToString().ToLowerInvariant()}{major}",
                Major = major,
                Limit = TimeSpan.FromMinutes(3),
                // What is committed survives a crash.
                Settings = new Dictionary<string, string> { ["synchronous_commit"] = "on" },
            }, default);
        }
        else if (server.ServerProcessId is null)
        {
            await server.StartAgainAsync(default);
        }
        return server;
    }

    Task IAsyncLifetime.InitializeAsync() => Task.CompletedTask;

    async Task IAsyncLifetime.DisposeAsync() => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values)
            await server.DisposeAsync();
    }
}
