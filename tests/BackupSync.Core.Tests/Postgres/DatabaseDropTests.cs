using System.Diagnostics;
using System.Globalization;
using BackupSync.Postgres;

namespace BackupSync.Tests.Postgres;

public sealed class DatabaseDropTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableFact]
    public async Task A_session_that_is_slow_to_end_is_waited_for()
    {
        Skip.If(OperatingSystem.IsWindows(), "Processes cannot be stopped for a while there.");
        await using var database = await servers.CreateTargetAsync();
        await using var slow = await PgSession.OpenAsync(new PgLogin("test", database.AsSuperuser, "test", ReadOnly: false), default);
        await using var session = await PgSession.OpenAsync(
            new PgLogin("test", database.AsSuperuser.WithDatabase("postgres"), "test", ReadOnly: false), default);
        Signal("STOP");

        var dropping = DatabaseDrop.RunAsync(session, database.Name, default);
        // The server itself gives up after five seconds.
        await Task.WhenAny(dropping, Task.Delay(6500));
        Signal("CONT");
        await dropping;

        Assert.Equal(0, await session.ScalarAsync<long>("SELECT count(*) FROM pg_database WHERE datname = $1", default, database.Name));

        void Signal(string name)
        {
            using var kill = Process.Start("kill", [$"-{name}", slow.ProcessId.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
            Assert.Equal(0, kill.ExitCode);
        }
    }
}
