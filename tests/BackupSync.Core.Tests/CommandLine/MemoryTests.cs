namespace BackupSync.Tests.CommandLine;

public sealed class MemoryTests(Servers servers) : IClassFixture<Servers>
{
    const long Limit = 200_000_000;

    /// <summary>Nearly 80 MB that nothing compresses, and one value of 100 MB: more than half of the limit is in the data alone.</summary>
    [Fact]
    public async Task Memory_does_not_grow_with_what_is_backed_up()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true);
        await scenario.OnAuthAsync(
            """
            CREATE TABLE noise AS SELECT i AS id, (SELECT string_agg(sha512((i * 1000 + j)::text::bytea), '')
                FROM generate_series(1, 160) j) AS bytes FROM generate_series(1, 7500) i;
            CREATE TABLE long AS SELECT repeat(E'a line\n\\', 12500000) AS value;
            """);

        var taking = await PeakAsync(scenario, "backup", "auth");
        var reading = await PeakAsync(scenario, "verify", "auth", "--latest");

        Assert.True(taking < Limit && reading < Limit, $"taking it: {taking:N0} bytes at the most, reading it: {reading:N0} bytes");
    }

    /// <summary>The most memory that the program had, as the system has kept it.</summary>
    static async Task<long> PeakAsync(BackupScenario scenario, params string[] arguments)
    {
        await using var cli = scenario.Start((_, _) => { }, arguments);
        var (result, peak) = await cli.EndWithPeakAsync();
        Assert.True(result.ExitCode == 0, result.All);
        Assert.True(peak > 0, "The system tells no peak.");
        return peak;
    }
}
