using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace BackupSync.Tests;

[Trait("Needs", "nothing")]
public sealed partial class SpellingTests
{
    [Fact]
    public void Each_head_says_its_own_word_whichever_stands_first()
    {
        var text = $"Run once with {Spelling.Force}, or with --skip-refused (-SkipRefused); list them: backupsync backups (Get-DbBackup).";

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

    /// <summary>A text that has both words in another form is shown with both.</summary>
    [Fact]
    public void Every_option_that_a_text_of_the_core_names_for_both_heads_is_known()
    {
        var named = Directory.EnumerateFiles(Core(), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(f => Both().Matches(File.ReadAllText(f)).Select(m => m.Value)).Distinct().ToList();

        Assert.True(named.Count > 3, "They were not found.");
        Assert.DoesNotContain(named, n => Spelling.InCommands(n) == n || Spelling.InCmdlets(n) == n);
    }

    static string Core([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "src", "BackupSync.Core");

    [GeneratedRegex(@"-[A-Z]\w+( Full)? \(--[^)]*\)|--[a-z-]+ \(-[A-Z]\w+\)")]
    private static partial Regex Both();
}
