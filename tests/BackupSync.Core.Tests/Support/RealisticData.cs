using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Tests;

/// <summary>A database with everything that real ones hold and that copies have stumbled over, odd names included.</summary>
/// <param name="tools">psql loads it: functions with bodies of several statements are its own to split.</param>
sealed class RealisticData(PgToolset tools)
{
    /// <summary>Creates the tables and fills them, a few thousand rows. An ordinary owner of an empty database can do it.</summary>
    public Task LoadAsync(DatabaseAddress database) => RunAsync("realistic.sql", database);

    /// <summary>A day's inserts, updates and deletes. Can be repeated; each time the content changes.</summary>
    public Task ChangeAsync(DatabaseAddress database) => RunAsync("activity.sql", database);

    async Task RunAsync(string resource, DatabaseAddress database)
    {
        await using var script = typeof(RealisticData).Assembly.GetManifestResourceStream(resource)!;
        var command = new ChildCommand(tools.Psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-")
        {
            StandardInput = (input, token) => script.CopyToAsync(input, token),
        };
        var result = await ChildProcess.RunAsync(command.ConnectedTo(database), default);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
    }
}
