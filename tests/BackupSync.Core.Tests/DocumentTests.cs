using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using BackupSync.Cli;
using Entry = BackupSync.Cli.CommandLine;

namespace BackupSync.Tests;

/// <summary>Links of the documents lead somewhere, and lists that the code has as well are the same there. No server is needed.</summary>
[Trait("Needs", "nothing")]
public sealed partial class DocumentTests
{
    static readonly string Repository = Path.GetFullPath(Path.Combine(FolderOfThisFile(), "..", ".."));

    [Fact]
    public void Relative_links_lead_to_a_file_and_to_a_heading_in_it()
    {
        var documents = new[] { "README.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md" }.Select(f => Path.Combine(Repository, f))
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository, "docs"), "*.md", SearchOption.AllDirectories));
        var links = (from document in documents
                     from Match link in Link().Matches(WithoutCode(document))
                     let target = link.Groups["target"].Value
                     where !target.Contains("://", StringComparison.Ordinal)
                     select (document, target)).ToList();

        Assert.True(links.Count > 50, "The links were not found.");
        Assert.Empty(from link in links
                     where !Leads(link.document, link.target)
                     select $"{Path.GetRelativePath(Repository, link.document)}: {link.target}");
    }

    [Fact]
    public void Readme_is_short_and_begins_with_what_is_needed_first()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository, "README.md"));
        var firstScreen = string.Join('\n', lines.Take(25));

        Assert.True(lines.Length <= 120, $"{lines.Length} lines");
        Assert.Contains("(docs/restore-runbook.md)", firstScreen, StringComparison.Ordinal);
        Assert.Contains("\ndotnet run --project src/BackupSync.Cli -- demo ", firstScreen, StringComparison.Ordinal);
        Assert.Contains("\ndotnet test ", firstScreen, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_command_and_each_of_its_options_is_in_the_page_of_the_command_line()
    {
        var page = File.ReadAllText(Path.Combine(Repository, "docs", "cli.md"));
        var missing = new List<string>();
        foreach (var (name, command) in Entry.Root().Subcommands.SelectMany(c => Named(c, c.Name)))
        {
            var section = Regex.Match(
                page, $@"^## backupsync {Regex.Escape(name)}$(.*?)(?=^## |\z)", RegexOptions.Multiline | RegexOptions.Singleline);
            if (!section.Success)
                missing.Add(name);
            missing.AddRange(from option in command.Options
                             where !Regex.IsMatch(section.Value, $"{Regex.Escape(option.Name)}[ `]")
                             select $"{name} {option.Name}");
            missing.AddRange(from Match named in OptionName().Matches(section.Value)
                             where !command.Options.Any(o => o.Aliases.Prepend(o.Name).Contains(named.Value))
                             select $"{name} has no {named.Value}");
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void Each_exit_code_is_in_the_page_of_failures()
    {
        var page = File.ReadAllText(Path.Combine(Repository, "docs", "failures-and-exit-codes.md"));
        var codes = Constants(typeof(ExitCodes)).Select(code => ((int)code).ToString(CultureInfo.InvariantCulture));

        Assert.Equal(codes.Order(), Rows(page, "Exit codes").Select(row => row.Split('|')[1].Trim()).Order());
    }

    static IEnumerable<(string Name, Command Command)> Named(Command command, string name) =>
        command.Subcommands.SelectMany(c => Named(c, $"{name} {c.Name}")).Prepend((name, command));

    static IEnumerable<object> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => f.GetRawConstantValue()!);

    /// <summary>The rows of the table below a heading, without the head.</summary>
    static IEnumerable<string> Rows(string page, string heading) =>
        page[page.IndexOf($"\n## {heading}\n", StringComparison.Ordinal)..].Split('\n')
            .SkipWhile(l => !l.StartsWith("|---", StringComparison.Ordinal)).Skip(1).TakeWhile(l => l.StartsWith('|'));

    static bool Leads(string document, string target)
    {
        var (path, anchor) = target.Split('#', 2) is [var p, var a] ? (p, a) : (target, null);
        var file = path.Length == 0 ? document : Path.Combine(Path.GetDirectoryName(document)!, path);
        return Path.Exists(file) && (anchor is null || Anchors(file).Contains(anchor));
    }

    /// <summary>As GitHub makes them of headings: one that is there already gets a number.</summary>
    static HashSet<string> Anchors(string file)
    {
        var anchors = new HashSet<string>();
        foreach (Match heading in Heading().Matches(Fence().Replace(File.ReadAllText(file), "")))
        {
            var anchor = NotInAnchor().Replace(heading.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-');
            for (var n = 0; !anchors.Add(n == 0 ? anchor : $"{anchor}-{n}"); n++)
            {
            }
        }
        return anchors;
    }

    static string WithoutCode(string file) => CodeSpan().Replace(Fence().Replace(File.ReadAllText(file), ""), "");

    static string FolderOfThisFile([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6} +(.+?) *$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^ *```.*?^ *```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex("(?<=`(?:-[a-z], )?)--[a-z-]+")]
    private static partial Regex OptionName();
}
