using System.Collections.Concurrent;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Sandbox;

namespace BackupSync.Tests;

/// <summary>
/// One server of each major version that is installed, shared by all tests, started when first asked for and stopped after the
/// last test (<see cref="TestRun"/>). Tests make databases of their own there, and kill none of the servers.
/// </summary>
public static class VersionedServers
{
    /// <summary>The versions that everything has to run on. Where one is not installed, its tests are skipped, and say so.</summary>
    static readonly int[] Wanted = [15, 17, 18, 19];

    static readonly ConcurrentDictionary<int, Lazy<Task<SandboxServer>>> Started = new();
    static readonly Lazy<IReadOnlyList<int>> Found = new(() => Task.Run(FindAsync).GetAwaiter().GetResult());

    /// <summary>The wanted versions of which server programs are installed, the oldest first.</summary>
    public static IReadOnlyList<int> Majors => Found.Value;

    /// <summary>
    /// For theories over versions, also those that are not installed: [SkippableTheory, MemberData(nameof(VersionedServers.Each),
    /// MemberType = typeof(VersionedServers))].
    /// </summary>
    public static TheoryData<int> Each => [.. Wanted];

    /// <summary>A source's and a target's version; the target is as new or newer.</summary>
    public static TheoryData<int, int> Forwards => new() { { 15, 17 }, { 17, 18 }, { 18, 18 }, { 18, 19 } };

    /// <summary>As <see cref="Forwards"/>, and one target that is older than its source.</summary>
    public static TheoryData<int, int> Pairs => new() { { 15, 17 }, { 17, 18 }, { 18, 18 }, { 18, 19 }, { 18, 17 } };

    /// <summary>
    /// The server of a major version. A test that asks for one that is not installed is skipped: it has to be a SkippableFact or a
    /// SkippableTheory.
    /// </summary>
    public static Task<SandboxServer> GetAsync(int major)
    {
        Skip.IfNot(Majors.Contains(major), $"PostgreSQL {major} is not installed here; tools/newer-postgres brings 17, 18 and 19.");
        return Started.GetOrAdd(major, m => new(() =>
            SandboxServer.StartAsync(new SandboxOptions { Name = $"shared{m}", Major = m }, CancellationToken.None))).Value;
    }

    /// <summary>The client programs of a major version, and no others.</summary>
    internal static async Task<PgToolset> ToolsAsync(int major)
    {
        var found = (await new ToolLocator(new ToolsConfig()).FindAllAsync(default)).Where(t => t.Version.Major == major)
            .MaxBy(t => t.Version);
        Skip.If(found is null, $"pg_dump {major} is not installed here; tools/newer-postgres brings 17, 18 and 19.");
        return found!;
    }

    /// <summary>Stops what was started.</summary>
    internal static async Task StopAsync()
    {
        foreach (var server in Started.Values)
        {
            // One that did not start has told its tests so.
            if (server.Value is { IsFaulted: false } started)
                await (await started).DisposeAsync();
        }
        Started.Clear();
    }

    static async Task<IReadOnlyList<int>> FindAsync()
    {
        var found = new List<int>();
        foreach (var major in Wanted)
        {
            if (await new ToolLocator(new ToolsConfig()).FindServerProgramsAsync(major, default) is not null)
                found.Add(major);
        }
        return found;
    }
}
