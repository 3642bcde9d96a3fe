namespace BackupSync.PgTools;

/// <summary>Where PostgreSQL's programs are usually installed.</summary>
static class ToolFolders
{
    static readonly string[] UnixPatterns =
    [
        "/usr/lib/postgresql/*/bin",            // Debian, Ubuntu
        "/usr/pgsql-*/bin",                     // PostgreSQL's own packages for Red Hat and the like
        "/usr/libexec/postgresql*",             // Alpine
        "/usr/local/pgsql/bin",                 // built from source
        "/opt/homebrew/opt/postgresql@*/bin",
        "/opt/homebrew/opt/libpq/bin",
        "/usr/local/opt/postgresql@*/bin",
        "/usr/local/opt/libpq/bin",
        "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
        "/home/linuxbrew/.linuxbrew/opt/libpq/bin",
        "/Applications/Postgres.app/Contents/Versions/*/bin",
        "/Library/PostgreSQL/*/bin",            // EDB's installer on macOS
    ];

    /// <summary>The PATH first, then the usual folders that exist.</summary>
    public static IEnumerable<string> Usual()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        var patterns = OperatingSystem.IsWindows() ? WindowsPatterns() : UnixPatterns;
        return path
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(Path.IsPathFullyQualified)
            .Concat(patterns.SelectMany(Expand));
    }

    /// <summary>The folders that match a pattern with stars in the names of folders.</summary>
    internal static IEnumerable<string> Expand(string pattern)
    {
        var root = Path.GetPathRoot(pattern)!;
        IEnumerable<string> found = [root];
        foreach (var part in pattern[root.Length..].Split('/', '\\'))
        {
            found = part.Contains('*', StringComparison.Ordinal)
                ? found.Where(Directory.Exists)
                    .SelectMany(f => Directory.EnumerateDirectories(f, part, Lenient).Order(StringComparer.Ordinal))
                : found.Select(f => Path.Combine(f, part));
        }
        return found.Where(Directory.Exists);
    }

    static EnumerationOptions Lenient { get; } = new() { IgnoreInaccessible = true };

    static IEnumerable<string> WindowsPatterns() =>
        new[] { Environment.SpecialFolder.ProgramFiles, Environment.SpecialFolder.ProgramFilesX86 }
            .Select(Environment.GetFolderPath)
            .Where(f => f.Length > 0)
            .Select(f => Path.Combine(f, "PostgreSQL", "*", "bin"));
}
