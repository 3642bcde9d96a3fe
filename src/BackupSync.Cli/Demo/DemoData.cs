using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Cli.Demo;

/// <summary>A small application's database with everything that real ones hold, for the demo and for tests.</summary>
/// <param name="tools">psql loads it: functions with bodies of several statements are its own to split.</param>
sealed class DemoData(PgToolset tools)
{
    /// <summary>Creates the tables and fills them, a few thousand rows. An ordinary owner of an empty database can do it.</summary>
    public Task LoadAsync(DatabaseAddress database, CancellationToken ct) => RunAsync("realistic.sql", database, ct);

    /// <summary>A day's inserts, updates and deletes. Can be repeated; each time the content changes.</summary>
    public Task ChangeAsync(DatabaseAddress database, CancellationToken ct) => RunAsync("activity.sql", database, ct);

    async Task RunAsync(string resource, DatabaseAddress database, CancellationToken ct)
    {
        var assembly = typeof(DemoData).Assembly;
        await using var script = assembly.GetManifestResourceStream(resource)
                                 ?? throw new InvalidOperationException($"{resource} is not in {assembly.GetName().Name}.");
        var command = new ChildCommand(tools.Psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-")
        {
            StandardInput = (input, token) => script.CopyToAsync(input, token),
        };
        var result = await ChildProcess.RunAsync(command.ConnectedTo(database), ct);
        if (result.ExitCode != 0)
            throw new BackupSyncException(ErrorIds.SandboxFailed,
                $"{resource} could not be run on {database.Redacted}: {database.Scrub(result.ErrorTail)}");
    }
}
