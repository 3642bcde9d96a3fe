using BackupSync.Postgres;

namespace BackupSync.Tests.Postgres;

public sealed class DatabaseRenameTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Stopped_at_any_moment_it_leaves_no_lock_and_both_names_or_neither()
    {
        await using var database = await servers.CreateTargetAsync();
        var (name, other) = (database.Name, $"{database.Name}_other");
        await database.ExecuteAsync($"CREATE DATABASE {other} OWNER {database.Address.User}");
        var oid = await OidAsync(name);
        for (var i = 0; i < 60; i++)
        {
            // A stop may cost it its connection, too.
            await using var session = await OpenAsync();
            using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(i % 20));
            try
            {
                await DatabaseRename.RunAsync(session, [(name, $"{name}_old"), (other, name)], stop.Token);
            }
            catch (OperationCanceledException)
            {
                // As it was told.
            }

            // From another session: the renaming one would see what it has not committed.
            await Eventually.IsTrueAsync(async () => await TestDatabase.ScalarAsync<long>(servers.Target.Address,
                $"SELECT count(*) FROM pg_stat_activity WHERE pid = {session.ProcessId} AND state <> 'idle'") == 0, "its transaction "
                    + "is over", pause: 5);
            Assert.Equal(1, await database.ScalarAsync<int>("SELECT 1"));
            if (await OidAsync(name) == oid)
                continue;
            await using var back = await OpenAsync();
            await DatabaseRename.RunAsync(back, [(name, other), ($"{name}_old", name)], default);
            Assert.Equal(oid, await OidAsync(name));
        }

        Task<PgSession> OpenAsync() =>
            PgSession.OpenAsync(new PgLogin("test", database.AsSuperuser.WithDatabase("postgres"), "test", ReadOnly: false), default);

        Task<long> OidAsync(string of) =>
            TestDatabase.ScalarAsync<long>(servers.Target.Address, $"SELECT oid::bigint FROM pg_database WHERE datname = '{of}'");
    }
}
