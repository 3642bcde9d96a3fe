using BackupSync.Configuration;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>Servers of different versions.</summary>
public sealed class VersionTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableTheory, MemberData(nameof(VersionedServers.Forwards), MemberType = typeof(VersionedServers))]
    public async Task A_newer_target_is_kept_up_to_date_by_its_owner_who_is_no_superuser(int source, int target)
    {
        await using var scenario = await Scenario.CreateAsync(
            await VersionedServers.GetAsync(source), await VersionedServers.GetAsync(target), PublishMode.Transaction, TestRole.Owner);
        await scenario.LoadRealisticDataAsync(servers.Tools);
        await scenario.SyncWellAsync(SyncMode.Full);
        for (var day = 0; day < 2; day++)
        {
            await scenario.DoADaysWorkAsync(servers.Tools);
            var result = await scenario.SyncWellAsync(SyncMode.Incremental);
            Assert.Equal(SyncMode.Incremental, result.Mode);
            Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
        }
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableFact]
    public async Task An_older_target_is_kept_up_to_date()
    {
        await using var scenario = await Scenario.CreateAsync(await VersionedServers.GetAsync(18), await VersionedServers.GetAsync(17));
        const string tables = """
            CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL UNIQUE, at timestamptz DEFAULT now());
            CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id uuid NOT NULL REFERENCES users
                ON DELETE CASCADE, total numeric);
            """;
        // Made by hand: a full sync to an older server is refused, or warns.
        await scenario.OnSourceAsync(tables);
        await scenario.OnTargetAsync(tables);
        await scenario.OnSourceAsync("""
            INSERT INTO users (id, email) SELECT gen_random_uuid(), 'user' || n FROM generate_series(1, 500) n;
            INSERT INTO orders (user_id, total) SELECT id, 1.50 FROM users;
            """);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnSourceAsync("DELETE FROM users WHERE email LIKE '%7'; UPDATE orders SET total = 2.5 WHERE id % 9 = 0;");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        Scenario.AssertSame(await scenario.SourceContentAsync(), await scenario.TargetContentAsync());
    }
}
