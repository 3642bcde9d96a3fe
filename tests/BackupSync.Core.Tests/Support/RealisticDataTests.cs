using BackupSync.PgTools;

namespace BackupSync.Tests;

public sealed class RealisticDataTests(Servers servers) : IClassFixture<Servers>
{
    const string TotalRows = """
        SELECT sum((xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM ONLY %I.%I', schemaname, tablename), false, true,
            '')))[1]::text::bigint)::bigint
        FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
        """;

    [Theory]
    [InlineData(TestRole.Superuser)]
    [InlineData(TestRole.Creator)]
    [InlineData(TestRole.Owner)]
    public async Task It_loads_as_any_owner_and_can_be_worked_on(TestRole role)
    {
        await using var database = await servers.CreateSourceAsync(role);
        await CheckAsync(database);
    }

    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task It_loads_on_every_version(int major)
    {
        await using var database = await TestDatabase.CreateAsync(await VersionedServers.GetAsync(major), TestRole.Creator);
        Assert.StartsWith($"{major}", await database.ScalarAsync<string>("SHOW server_version"), StringComparison.Ordinal);
        await CheckAsync(database);
    }

    [Fact]
    public async Task It_survives_a_dump_and_a_restore_by_an_ordinary_owner()
    {
        await using var source = await servers.CreateSourceAsync();
        await source.WithRealisticDataAsync(servers.Tools);
        await using var target = await servers.CreateTargetAsync(TestRole.Owner);
        var archive = Path.GetTempFileName();
        try
        {
            var dump = new ChildCommand(servers.Tools.PgDump, "-Fc", "--no-owner", "--no-acl", "-f", archive);
            Assert.Equal("", (await ChildProcess.RunAsync(dump.ConnectedTo(source.Address), default)).ErrorTail);
            var list = await ChildProcess.RunAsync(new ChildCommand(servers.Tools.PgRestore, "-l", archive), default);
            var filtered = archive + ".list";
            await File.WriteAllLinesAsync(
                filtered,
                list.Output.Split('\n').Where(l => !l.Contains("COMMENT - EXTENSION", StringComparison.Ordinal)));
            var restore = new ChildCommand(
                servers.Tools.PgRestore, "--no-owner", "--no-acl", "-1", "-L", filtered, "-d", target.Name, archive);
            var result = await ChildProcess.RunAsync(restore.ConnectedTo(target.Address), default);
            Assert.Equal("", result.ErrorTail);
            Assert.Equal(await source.ScalarAsync<long>(TotalRows), await target.ScalarAsync<long>(TotalRows));
        }
        finally
        {
            File.Delete(archive);
            File.Delete(archive + ".list");
        }
    }

    async Task CheckAsync(TestDatabase database)
    {
        await database.WithRealisticDataAsync(servers.Tools);
        Assert.Equal(
            (500, 200, 500, 2000),
            (await CountAsync("users"), await CountAsync("escrows"), await CountAsync("wallets"), await CountAsync("transactions")));

        var first = await ContentAsync();
        for (var day = 0; day < 2; day++)
        {
            var before = await ContentAsync();
            await new RealisticData(servers.Tools).ChangeAsync(database.Address);
            Assert.NotEqual(before, await ContentAsync());
        }
        Assert.NotEqual(500, await CountAsync("users"));

        Task<long> CountAsync(string table) => database.ScalarAsync<long>($"SELECT count(*) FROM {table}");
        Task<string?> ContentAsync() => database.ScalarAsync<string>("SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM transactions t");
    }
}
