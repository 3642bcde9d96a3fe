using System.IO.Enumeration;

namespace BackupSync.Backups;

/// <summary>What chooses backups by their tags: <c>*</c> and <c>?</c> match, case does not count, all else stands for itself.</summary>
static class TagPattern
{
    /// <summary>The library's own patterns have an escape, which nobody is told of.</summary>
    public static bool Matches(string pattern, string tag) =>
        FileSystemName.MatchesSimpleExpression(pattern.Replace(@"\", @"\\", StringComparison.Ordinal), tag);
}
