using System.Globalization;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Sandbox;

namespace BackupSync.Tests;

/// <summary>
/// Two servers, shared by all tests that do not kill theirs. Usable as a class's or a collection's fixture: the first starts
/// them, the last stops them. They are of the oldest version that is installed, or of the one that BACKUPSYNC_TEST_POSTGRES names.
/// </summary>
public sealed class Servers : IAsyncLifetime
{
    static readonly SemaphoreSlim Gate = new(1, 1);
    static int users;
    static SandboxServer? source;
    static SandboxServer? target;

    /// <summary>The version of all servers of which a test does not ask for another; null where none is installed yet.</summary>
    public static int? Major { get; } = Environment.GetEnvironmentVariable("BACKUPSYNC_TEST_POSTGRES") is { Length: > 0 } chosen
        ? int.Parse(chosen, CultureInfo.InvariantCulture)
        : VersionedServers.Majors.Count > 0 ? VersionedServers.Majors[0] : null;

    public SandboxServer Source => source!;
    public SandboxServer Target => target!;

    /// <summary>Of the servers' version.</summary>
    internal PgToolset Tools { get; private set; } = null!;

    public Task<TestDatabase> CreateSourceAsync(TestRole role = TestRole.Superuser, string? name = null) =>
        TestDatabase.CreateAsync(Source, role, name);

    public Task<TestDatabase> CreateTargetAsync(TestRole role = TestRole.Superuser, string? name = null) =>
        TestDatabase.CreateAsync(Target, role, name);

    public async Task InitializeAsync()
    {
        await Gate.WaitAsync();
        try
        {
            users++;
            source ??= await SandboxServer.StartAsync(new SandboxOptions { Name = "source", Major = Major }, default);
            target ??= await SandboxServer.StartAsync(new SandboxOptions { Name = "target", Major = Major }, default);
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
