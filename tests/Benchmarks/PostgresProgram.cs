using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Benchmarks;

/// <summary>PostgreSQL's own programs, run as anybody would.</summary>
static class PostgresProgram
{
    public static async Task RunAsync(DatabaseAddress database, CancellationToken ct, string program, params string[] arguments)
    {
        var command = new ChildCommand(program, arguments);
        var result = await ChildProcess.RunAsync(command.ConnectedTo(database), ct);
        if (result.ExitCode != 0)
            throw new InvalidOperationException($"{command} ended with exit code {result.ExitCode}: {result.ErrorTail}");
    }
}
