using System.Runtime.CompilerServices;

namespace BackupSync.Tests.References;

/// <summary>
/// What is made of the code and kept in the repository, so that it can be read there. A test fails where it is stale; where
/// <see cref="Variable"/> is set, it is written anew instead.
/// </summary>
static class GeneratedText
{
    const string Variable = "BACKUPSYNC_WRITE_REFERENCE";

    public static readonly string Repository = Path.GetFullPath(Path.Combine(FolderOfThisFile(), "..", "..", ".."));

    /// <summary>A part of a page, between two comments that name it.</summary>
    public static void IsCurrentIn(string file, string part, IEnumerable<string> lines)
    {
        var page = ReadLines(file);
        var begin = page.IndexOf($"<!-- {part}: generated -->");
        var end = page.IndexOf($"<!-- {part}: end -->");
        Assert.True(0 <= begin && begin < end, $"{file} lacks the two comments between which '{part}' is to stand.");
        IsCurrent(file, [.. page.Take(begin + 1), .. lines, .. page.Skip(end)]);
    }

    /// <summary>A file as a whole.</summary>
    public static void IsCurrent(string file, IReadOnlyList<string> lines)
    {
        var path = Path.Combine(Repository, file);
        if (Environment.GetEnvironmentVariable(Variable) == "1")
            File.WriteAllText(path, string.Join('\n', lines) + "\n");
        var there = ReadLines(file);
        var stale = Enumerable.Range(0, Math.Max(there.Count, lines.Count)).FirstOrDefault(
            i => there.ElementAtOrDefault(i) != lines.ElementAtOrDefault(i), -1);
        if (stale >= 0)
        {
            Assert.Fail($"""
                {file}:{stale + 1} is not what the code says.
                there:    {there.ElementAtOrDefault(stale) ?? "(the end)"}
                the code: {lines.ElementAtOrDefault(stale) ?? "(the end)"}
                Write it anew: {Variable}=1 dotnet test -c Release tests/BackupSync.Core.Tests --filter FullyQualifiedName~Tests.References
                """);
        }
    }

    static List<string> ReadLines(string file)
    {
        var path = Path.Combine(Repository, file);
        return File.Exists(path) ? [.. File.ReadAllLines(path)] : [];
    }

    static string FolderOfThisFile([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
