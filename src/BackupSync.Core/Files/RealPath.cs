namespace BackupSync.Files;

/// <summary>Where a path leads, however it is written: two that lead to one folder are one, though links stand in them.</summary>
static class RealPath
{
    /// <summary>As many as Linux follows: links may lead in a circle.</summary>
    const int MostLinks = 40;

    /// <summary>As the file systems of this kind of machine compare paths.</summary>
    public static readonly StringComparer Comparer = OperatingSystem.IsLinux() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <summary>Whether two paths lead to the same.</summary>
    public static bool IsSame(string path, string other) => Comparer.Equals(Of(path), Of(other));

    /// <summary>
    /// The path with every link in it followed, also one at its end. What is not there stands as it is written, and so does what is no
    /// absolute path, such as the address of a bucket.
    /// </summary>
    public static string Of(string path)
    {
        if (!Path.IsPathFullyQualified(path))
            return path;
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var real = Path.GetPathRoot(full)!;
        var ahead = new Stack<string>(PartsOf(full).Reverse());
        var links = 0;
        while (ahead.TryPop(out var part))
        {
            if (part == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }
            var next = Path.Combine(real, part);
            if (TargetOf(next) is not { } target)
            {
                real = next;
                continue;
            }
            if (++links > MostLinks)
                return full;
            if (Path.IsPathRooted(target))
                real = Path.GetPathRoot(target)!;
            foreach (var of in PartsOf(target).Reverse())
                ahead.Push(of);
        }
        return real;
    }

    /// <summary>Of a file, which has its own name, be it that of a link: where its folder leads.</summary>
    public static string OfFile(string path) =>
        Path.IsPathFullyQualified(path) ? Path.Combine(Of(Path.GetDirectoryName(path) ?? path), Path.GetFileName(path)) : path;

    static IEnumerable<string> PartsOf(string path) => path[(Path.GetPathRoot(path) ?? "").Length..]
        .Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
        .Where(p => p != ".");

    /// <summary>Null where there is no link, or where nobody can look.</summary>
    static string? TargetOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            return null;
        }
    }
}
