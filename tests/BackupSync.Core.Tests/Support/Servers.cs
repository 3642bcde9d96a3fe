using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Sandbox;

namespace BackupSync.Tests;

/// <summary>
/// Two servers, shared by all tests that do not kill theirs. Usable as a class's or a collection's fixture: the first starts
/// them, the last stops them.
/// </summary>
public sealed class Servers : IAsyncLifetime
{
    static readonly SemaphoreSlim Gate = new(1, 1);
    static int users;
    static SandboxServer? source;
    static SandboxServer? target;

    public SandboxServer Source => source!;
    public SandboxServer Target => target!;

    /// <summary>Of the servers' version.</summary>
    public PgToolset Tools { get; private set; } = null!;

    public Task<TestDatabase> CreateSourceAsync(TestRole role = TestRole.Superuser, string? name = null) => TestDatabase.CreateAsync(Source, role, name);

    public Task<TestDatabase> CreateTargetAsync(TestRole role = TestRole.Superuser, string? name = null) => TestDatabase.CreateAsync(Target, role, name);

    public async Task InitializeAsync()
    {
        await Gate.WaitAsync();
        try
        {
            users++;
            source ??= await SandboxServer.StartAsync(new SandboxOptions { Name = "source" }, default);
            target ??= await SandboxServer.StartAsync(new SandboxOptions { Name = "target" }, default);
            Tools = await new ToolLocator(new ToolsConfig()).FindAsync(Source.Version.Major, default);
        }
        finally
        {
            Gate.Release();
        }
    }

    public async Task DisposeAsync()
    {
        await Gate.WaitAsync();
        try
        {
            if (--users > 0)
                return;
            if (source is not null)
                await source.DisposeAsync();
            if (target is not null)
                await target.DisposeAsync();
            source = target = null;
        }
        finally
        {
            Gate.Release();
        }
    }
}
