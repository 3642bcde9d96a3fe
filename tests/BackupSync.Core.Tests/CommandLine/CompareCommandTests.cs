using System.Text.Json;
using BackupSync.Comparison;

namespace BackupSync.Tests.CommandLine;

public sealed class CompareCommandTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Databases_that_are_equal_end_with_0_and_a_line_that_says_so()
    {
        await using var scenario = await CreateAsync();

        var named = await scenario.RunAsync("compare", "railway", "neon");
        Assert.True(named.ExitCode == 0, named.All);
        Assert.Matches(@"public\.users +Equal +1,000 +1,000", named.Output);
        Assert.Contains("\nrailway and neon are equal: 2 tables, 1,001 rows (", named.Output, StringComparison.Ordinal);

        foreach (var arguments in new string[][]
        {
            ["--job", "railway-to-neon"],
            [],
            [scenario.SourceUrl, "neon"],
            ["-j", "railway-to-neon", "--table", "users", "--table", "n*"],
        })
        {
            var result = await scenario.RunAsync(["compare", .. arguments]);
            Assert.True(result.ExitCode == 0, result.All);
            Assert.Contains(" are equal: 2 tables", result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Databases_that_differ_end_with_1_and_say_in_what()
    {
        await using var scenario = await CreateAsync();
        await scenario.OnSourceAsync("DELETE FROM users WHERE id = 7; CREATE INDEX extra ON users (name)");

        var result = await scenario.RunAsync("compare", "railway", "neon");
        Assert.Equal(6, result.ExitCode);
        Assert.Matches(@"public\.users +Different +999 +1,000 +999 rows on the source, 1,000 on the target", result.Output);
        Assert.Matches(@"index public\.extra on users +SourceOnly +the target lacks it", result.Output);
        Assert.Contains("\nrailway and neon differ: 1 of 2 tables, 1 other object (", result.Output, StringComparison.Ordinal);

        var quiet = await scenario.RunAsync("compare", "railway", "neon", "--quiet");
        Assert.Equal((6, "", ""), (quiet.ExitCode, quiet.Output, quiet.Errors));
        var other = await scenario.RunAsync("compare", "railway", "neon", "-q", "--table", "notes");
        Assert.Equal((0, "", ""), (other.ExitCode, other.Output, other.Errors));

        var json = await scenario.RunAsync("compare", "railway", "neon", "--json");
        Assert.Equal(6, json.ExitCode);
        var items = JsonSerializer.Deserialize<List<ComparedItem>>(json.Output, JsonFormat.Shown)!;
        Assert.Equal(["public.notes", "public.users", "index public.extra on users"], items.Select(i => i.Name));
        Assert.Contains("railway and neon differ: 1 of 2 tables", json.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_compared_with_itself_is_told()
    {
        await using var scenario = await CreateAsync();

        var itself = await scenario.RunAsync("compare", "railway", "railway");
        Assert.Equal(0, itself.ExitCode);
        Assert.Contains("railway and railway are one and the same database.", itself.Errors, StringComparison.Ordinal);
        var others = await scenario.RunAsync("compare", "railway", "neon");
        Assert.DoesNotContain("one and the same", others.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_row_that_differs_is_one_line()
    {
        await using var scenario = await CreateAsync();
        await scenario.OnSourceAsync("ALTER TABLE users ADD PRIMARY KEY (id); UPDATE notes SET body = E'one\\nline'");
        Assert.Equal(0, (await scenario.RunAsync("sync", "--force")).ExitCode);
        await scenario.OnSourceAsync(
            "DELETE FROM users WHERE id = 7; UPDATE users SET name = 'x' WHERE id = 8; DELETE FROM notes; DROP INDEX users_name");

        var result = await scenario.RunAsync("compare", "railway", "neon", "--detail");
        Assert.Equal(6, result.ExitCode);
        Assert.Equal(
            ["Different   public.users                    8  name", "TargetOnly  public.notes                    "
                + "(\"one\\nline\")", "TargetOnly  public.users                    7"],
            result.Output.TrimEnd().Split('\n')[..^1].Order(StringComparer.Ordinal));
        Assert.Contains("\nrailway and neon differ: 2 of 2 tables, 1 other object (", result.Output, StringComparison.Ordinal);
        Assert.Contains("index public.users_name on users: the source lacks it", result.Errors, StringComparison.Ordinal);

        var json = await scenario.RunAsync("compare", "railway", "neon", "--detail", "--json", "--table", "users");
        Assert.Equal(6, json.ExitCode);
        Assert.Equal(
            [new RowDifference("public.users", "7", RowState.TargetOnly, "", 1), new RowDifference(
                "public.users", "8", RowState.Different, "name", 1)],
            json.Output.TrimEnd().Split('\n').Select(l => JsonSerializer.Deserialize<RowDifference>(l, JsonFormat.ShownLine)!)
                .OrderBy(r => r.Key));
        Assert.Contains("railway and neon differ: 1 of 1 table", json.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "Did you mean 'railway'?", "railwya", "neon")]
    [InlineData(2, "Did you mean 'users'?", "railway", "neon", "--table", "usres")]
    [InlineData(2, "One database alone cannot be compared", "railway")]
    [InlineData(2, "Name either two databases, or --job", "railway", "neon", "--job", "railway-to-neon")]
    [InlineData(2, "--quiet tells only whether they are equal", "railway", "neon", "--quiet", "--detail")]
    [InlineData(2, "--parallel is from 1 to 64 sessions", "railway", "neon", "--parallel", "0")]
    [InlineData(2, "--timeout is from 1 to 3600 seconds", "railway", "neon", "--timeout", "0")]
    [InlineData(2, "--limit-minutes is from 1 to 10080 minutes", "railway", "neon", "--limit-minutes", "0")]
    [InlineData(1, "refused", "railway", "postgresql://nobody:hidden-word@127.0.0.1:1/none", "--timeout", "1")]
    [InlineData(1, "refused", "host=127.0.0.1 port=1 user=nobody password=hidden-word dbname=none", "neon", "--timeout", "1")]
    public async Task What_cannot_be_compared_is_told(int exitCode, string message, params string[] arguments)
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 1);

        var result = await scenario.RunAsync(["compare", .. arguments]);

        Assert.True(result.ExitCode == exitCode, result.All);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-word", result.All, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_comparison_that_is_interrupted_ends_with_130()
    {
        await using var scenario = await CliScenario.CreateAsync(servers, rows: 50_000);
        await scenario.RunAsync("sync", "--yes");
        await scenario.OnSourceAsync("UPDATE users SET name = 'x'");

        await using var cli = scenario.StartInterruptedAt("SourceOnly", "compare", "railway", "neon", "--detail");
        var result = await cli.EndAsync();

        Assert.True(result.ExitCode == 130, result.Errors);
        Assert.Contains("Interrupted.", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("differ:", result.Output, StringComparison.Ordinal);
    }

    /// <summary>Two databases that are equal, with two tables.</summary>
    async Task<CliScenario> CreateAsync()
    {
        var scenario = await CliScenario.CreateAsync(servers);
        await scenario.OnSourceAsync("CREATE TABLE notes AS SELECT 'a'::text AS body; CREATE INDEX users_name ON users (name)");
        var sync = await scenario.RunAsync("sync", "--yes");
        Assert.True(sync.ExitCode == 0, sync.All);
        return scenario;
    }
}
