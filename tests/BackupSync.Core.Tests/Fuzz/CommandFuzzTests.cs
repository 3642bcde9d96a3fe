using System.CommandLine;
using BackupSync.Backups;
using Xunit.Abstractions;
using Entry = BackupSync.Cli.CommandLine;

namespace BackupSync.Tests.Fuzz;

/// <summary>The console and the current folder are the process's own.</summary>
[CollectionDefinition(nameof(CommandFuzzTests), DisableParallelization = true)]
public sealed class CommandFuzzCollection;

/// <summary>
/// Every command of the program with wrong values for every option and argument that it has, as System.CommandLine knows them.
/// </summary>
[Collection(nameof(CommandFuzzTests))]
[Trait("Needs", "nothing")]
public sealed class CommandFuzzTests(ITestOutputHelper output)
{
    /// <summary>For what does wait: an address that happens to be one.</summary>
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task No_input_of_a_command_ends_in_a_crash()
    {
        using var temp = new TempFolder();
        var folder = temp.Path;
        var config = WriteConfig(folder);
        var current = Environment.CurrentDirectory;
        using var console = new CommandOutput();
        var printed = console.Text;
        var crashes = new List<string>();
        var cases = 0;
        try
        {
            Environment.CurrentDirectory = folder;
            foreach (var arguments in Cases(Entry.Root(), config).Where(a => StaysIn(folder, a, config)))
            {
                cases++;
                printed.Clear();
                using var limit = new CancellationTokenSource(arguments[0] == "demo" ? TimeSpan.Zero : Limit);
                try
                {
                    await Entry.RunAsync(arguments, limit.Token).WaitAsync(Limit * 10);
                }
                catch (Exception e)
                {
                    printed.Append(e);
                }
                if (WrongValues.IsCrash(printed.Replace(config, "").ToString()))
                    crashes.Add($"{Shown(arguments)}\n{printed}");
            }
        }
        finally
        {
            Environment.CurrentDirectory = current;
        }

        output.WriteLine($"{cases} command lines");
        Assert.True(cases > 500, $"{cases} command lines");
        Assert.True(
            crashes.Count == 0,
            $"{crashes.Count} of {cases} crash, such as:\n\n{string.Join("\n\n", crashes.DistinctBy(WrongValues.KindOfCrash).Take(20))}");
    }

    static IEnumerable<string[]> Cases(RootCommand root, string config)
    {
        foreach (var value in WrongValues.For("command"))
            yield return [value];
        foreach (var command in root.Subcommands)
        {
            string[] good = [.. command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(Good)];
            string[] with = command.Options.Any(o => o.Name == "--config") ? ["--config", config] : [];
            yield return [command.Name, .. good, .. with];
            foreach (var option in command.Options)
            {
                yield return [command.Name, .. good, .. with, option.Name];
                foreach (var value in WrongValues.For($"{command.Name} {option.Name}"))
                {
                    yield return [command.Name, .. good, .. with, option.Name, value];
                    yield return [command.Name, .. good, .. with, $"{option.Name}={value}"];
                }
            }
            for (var i = 0; i < command.Arguments.Count; i++)
            {
                foreach (var value in WrongValues.For($"{command.Name} {command.Arguments[i].Name}"))
                {
                    var wrong = good.Length > i ? (string[])[.. good[..i], value, .. good[(i + 1)..]] : [.. good, value];
                    yield return [command.Name, .. wrong, .. with];
                    yield return [command.Name, .. with, .. wrong, "--yes"];
                }
            }
        }
    }

    /// <summary>
    /// Whether no word of a line, however a command takes it, is a path out of the test's folder: some write to where they are told to, and
    /// the value after an option that takes none is the command's argument. With the rights of root that is any file of the machine.
    /// </summary>
    static bool StaysIn(string folder, string[] arguments, string config) => arguments.Where(a => a != config)
        .SelectMany(a => (string[])[a, a[(a.IndexOf('=', StringComparison.Ordinal) + 1)..]])
        .All(word => word.Length == 0 || word.Contains('\0', StringComparison.Ordinal)
            || (!word.StartsWith('~') && !word.Contains("..", StringComparison.Ordinal) && !Path.IsPathRooted(word)
                && Path.GetFullPath(word, folder).StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)));

    static string Good(Argument argument) => argument.Name switch
    {
        "database" or "name" => "a",
        "job" => "j",
        "place" => "elsewhere",
        _ => "file.dump",
    };

    /// <summary>Its databases are not to be reached, and what lies in its folders is no backup.</summary>
    static string WriteConfig(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "backups", "a"));
        Directory.CreateDirectory(Path.Combine(folder, "elsewhere"));
        foreach (var (name, content) in (ReadOnlySpan<(string, string)>)[("file.dump", "PGDMP"),
            ("backups/a/a_manual_backup_20260101_020000.dump", "PGDMP\u0001"),
            ("backups/a/a_manual_backup_20260101_020000.dump" + ManifestStore.Suffix, "null"), ("backups/a/other.dump"
                + ManifestStore.Suffix, "{\"format\": []}"),
            ("backups/a/history.jsonl", "null\n{}\n["), ("backups/a/history-2026-11.jsonl", "null\n{}\n["), ("backups/a/latest.json", "{")])
            File.WriteAllText(Path.Combine(folder, name), content);
        var config = Path.Combine(folder, "fuzz.yml");
        File.WriteAllText(config, """
            databases:
              a: { url: "${BACKUPSYNC_NOT_SET_A}", role: production }
              b: { url: "${BACKUPSYNC_NOT_SET_B}" }
            places:
              local: { directory: backups }
              elsewhere: { directory: elsewhere }
            backupPlans:
              p: { databases: all, places: [local, elsewhere] }
            jobs:
              j: { source: a, target: b, backups: { directory: backups/j }, limits: { connect: 1s } }
            """);
        return config;
    }

    static string Shown(string[] arguments) =>
        string.Join(' ', arguments.Select(a => System.Text.Json.JsonSerializer.Serialize(a.Length > 80 ? a[..80] + "…" : a)));
}
