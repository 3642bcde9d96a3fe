using BackupSync.Backups;
using BackupSync.Tests.Backups;
using Entry = BackupSync.Cli.CommandLine;

namespace BackupSync.Tests.CommandLine;

/// <summary>What a shell is offered while a line is being typed.</summary>
[Collection(nameof(Fuzz.CommandFuzzTests))]
[Trait("Needs", "nothing")]
public sealed class CompletionTests : IDisposable
{
    readonly TempFolder _folder = new();
    readonly string _current = Environment.CurrentDirectory;

    public CompletionTests()
    {
        _folder.Write("backupsync.yml", """
            databases:
              a: { url: "postgresql://localhost/a" }
              b: { url: "postgresql://localhost/b" }
            places: { local: { directory: backups } }
            jobs: { j: { source: a, target: b } }
            """);
        var folder = Directory.CreateDirectory(_folder.File("backups/a")).FullName;
        BackupSamples.Add(folder, "a_manual_backup.dump", BackupKind.Manual, change: m => m with { Database = "a", Tag = "release-7" });
        Environment.CurrentDirectory = _folder.Path;
    }

    public void Dispose()
    {
        Environment.CurrentDirectory = _current;
        _folder.Dispose();
    }

    [Theory]
    [InlineData("restore a --latest --table ")]
    [InlineData("compare a b --table ")]
    [InlineData("compare --job j --table ")]
    public void Tables_are_those_of_the_newest_backup_also_by_their_bare_names(string line)
    {
        Assert.Equal(["public.Users", "public.empty"], Offered(line).Order(StringComparer.Ordinal));
        Assert.Equal(["public.Users"], Offered($"{line}us"));
        Assert.Equal(["public.empty"], Offered($"{line}public.e"));
    }

    [Theory]
    [InlineData("backup a --tag ")]
    [InlineData("backups set a --latest --tag ")]
    [InlineData("backups --tag ")]
    public void Tags_are_those_of_the_backups_that_are_there(string line) => Assert.Equal(["release-7"], Offered(line));

    static List<string> Offered(string line) => [.. Entry.Root().Parse(line).GetCompletions(line.Length).Select(c => c.Label)];
}
