using System.CommandLine;
using Entry = BackupSync.Cli.CommandLine;

namespace BackupSync.Tests.Fuzz;

/// <summary>An address with a password for every option and argument of every command: no output has the password.</summary>
[Collection(nameof(CommandFuzzTests))]
[Trait("Needs", "nothing")]
public sealed class AddressGivenTests : IDisposable
{
    const string Password = "Zq7Wk9";
    const string Url = $"postgresql://u:{Password}@127.0.0.1:1/d?sslmode=disable";
    const string KeyValue = $"host=127.0.0.1 port=1 user=u password={Password}";

    readonly TempFolder _folder = new();
    readonly CommandOutput _output = new();
    readonly string _current = Environment.CurrentDirectory;

    public AddressGivenTests()
    {
        _folder.Write("file.dump", "PGDMP");
        _folder.Write("backupsync.yml", """
            databases:
              a: { url: "${BACKUPSYNC_NOT_SET_A}", role: production }
              b: { url: "${BACKUPSYNC_NOT_SET_B}" }
            places: { local: { directory: backups }, elsewhere: { directory: elsewhere } }
            backupPlans: { p: { databases: all } }
            jobs: { j: { source: a, target: b } }
            """);
        Environment.CurrentDirectory = _folder.Path;
    }

    public void Dispose()
    {
        _output.Dispose();
        Environment.CurrentDirectory = _current;
        _folder.Dispose();
    }

    [Fact]
    public async Task No_output_of_a_command_has_the_password_of_an_address_that_it_was_given()
    {
        var shown = new List<string>();
        var answered = 0;
        foreach (var arguments in Cases(Entry.Root(), "").ToList())
        {
            var printed = await PrintedAsync(arguments);
            if (printed.Contains(Password, StringComparison.Ordinal))
                shown.Add($"{string.Join(' ', arguments)}\n{printed}");
            if (printed.Contains(" is an address, and ", StringComparison.Ordinal))
                answered++;
        }

        Assert.True(answered > 60, $"{answered} command lines were told what is wanted");
        Assert.True(shown.Count == 0, string.Join("\n\n", shown));
    }

    [Theory]
    [InlineData("test {url}", "'postgresql://u:***@127.0.0.1:1/d' is an address, and the name of a database is wanted here.",
        "Give the address by --url.")]
    [InlineData("sync {url}", "'postgresql://u:***@127.0.0.1:1/d' is an address, and the name of a job is wanted here.",
        "Give the address by --source and --target.")]
    [InlineData("plan {url}", "'postgresql://u:***@127.0.0.1:1/d' is an address, and the name of a backup plan is wanted here.",
        "Name the plan in the configuration (backupPlans: { NAME: { databases: … } }), and say that name.")]
    [InlineData("backup a --place {url}", "'postgresql://u:***@127.0.0.1:1/d' is an address, and the name of a place is wanted here.",
        "Name the place in the configuration (places: { NAME: { directory: … } }), and say that name.")]
    [InlineData("restore-safety --job {url} --latest",
        "'postgresql://u:***@127.0.0.1:1/d' is an address, and the name of a job is wanted here.",
        "Name the job in the configuration (jobs: { NAME: { source: …, target: … } }), and say that name.")]
    [InlineData("backups {key}", "'host=…' is an address, and the name of a database or job is wanted here.",
        "Name the database in the configuration (databases: { NAME: { url: … } }), and say that name.")]
    [InlineData("check {url}", "'postgresql://u:***@127.0.0.1:1/d' is an address, and the path of a file or folder is wanted here.",
        "Name the file or folder.")]
    [InlineData("restore-safety {url}",
        "'postgresql://u:***@127.0.0.1:1/d' is an address, and the path of a file or folder is wanted here.",
        "Give the address by --target-url.")]
    public async Task Address_where_a_name_is_wanted_is_answered_with_the_option_that_takes_it(string line, string message, string advice)
    {
        var words = line.Split(' ').Select(w => w.Replace("{url}", Url, StringComparison.Ordinal)
            .Replace("{key}", KeyValue, StringComparison.Ordinal));

        var printed = (await PrintedAsync([.. words])).ReplaceLineEndings(" ");

        Assert.Contains(message, string.Join(' ', printed.Split(' ', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains(advice, string.Join(' ', printed.Split(' ', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    async Task<string> PrintedAsync(string[] arguments)
    {
        _output.Text.Clear();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await Entry.RunAsync(arguments, limit.Token);
        return _output.Text.ToString();
    }

    static IEnumerable<string[]> Cases(Command command, string before)
    {
        foreach (var below in command.Subcommands.Where(c => c.Name != "demo"))
        {
            string[] names = [.. before.Split(' ', StringSplitOptions.RemoveEmptyEntries), below.Name];
            string[] good = [.. below.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(a => a.Name == "job" ? "j" : "a")];
            string[] quick = below.Options.Any(o => o.Name == "--timeout") ? ["--timeout", "1"] : [];
            var ways = below.Options.Any(o => o.Name == "--json") ? (string[][])[[], ["--json"]] : [[]];
            foreach (var way in ways)
            {
                foreach (var address in new[] { Url, KeyValue })
                {
                    yield return [.. names, address, .. quick, .. way];
                    foreach (var option in below.Options)
                        yield return [.. names, .. good, .. option.Name == "--timeout" ? [] : quick, .. way, option.Name, address];
                }
            }
            foreach (var deeper in Cases(below, string.Join(' ', names)))
                yield return deeper;
        }
    }
}
