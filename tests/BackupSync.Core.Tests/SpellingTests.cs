using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace BackupSync.Tests;

[Trait("Needs", "nothing")]
public sealed partial class SpellingTests
{
    [Fact]
    public void Each_head_says_its_own_word()
    {
        var text = $"Run once with {Spelling.Force}, or with {Spelling.SkipRefused}; list them: {Spelling.ListBackups}.";

        Assert.Equal("Run once with -Force, or with -SkipRefused; list them: Get-DbBackup.", Spelling.InCmdlets(text));
        Assert.Equal("Run once with --force, or with --skip-refused; list them: backupsync backups.", Spelling.InCommands(text));
    }

    [Fact]
    public void Others_words_stay_as_they_are()
    {
        const string Text = "ERROR: function f(integer) does not exist (--force) -Force";

        Assert.Equal(Text, Spelling.InCmdlets(Text));
        Assert.Equal(Text, Spelling.InCommands(Text));
    }

    [Fact]
    public void Every_spelling_is_shown_in_the_word_of_its_head()
    {
        var all = typeof(Spelling).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => f.GetValue(null)).OfType<Spelling>()
            .ToList();

        Assert.NotEmpty(all);
        Assert.Equal(all.Select(s => s.Cmdlet), all.Select(s => Spelling.InCmdlets($"{s}")));
        Assert.Equal(all.Select(s => s.Command), all.Select(s => Spelling.InCommands($"{s}")));
    }

    /// <summary>What a text writes out by hand is shown with both words.</summary>
    [Fact]
    public void Texts_of_the_core_name_options_and_commands_by_their_spelling()
    {
        var files = Directory.EnumerateFiles(Core(), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).ToList();

        Assert.Equal(["Spelling.cs"], files.Where(f => Both().IsMatch(File.ReadAllText(f))).Select(f => Path.GetFileName(f)));
    }

    static string Core([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "src", "BackupSync.Core");

    [GeneratedRegex(@"-[A-Z]\w+( Full)? \(--[^)]*\)|--[a-z-]+ \(-[A-Z]\w+\)|\(backupsync |backupsync [a-z -]*\([A-Z][a-z]+-Db")]
    private static partial Regex Both();
}
