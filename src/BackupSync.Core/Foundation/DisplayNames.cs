namespace BackupSync;

static class DisplayNames
{
    /// <summary>A database's name as it stands in log lines: <c>neon</c> is <c>Neon</c>.</summary>
    public static string Of(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}
