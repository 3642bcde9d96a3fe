namespace BackupSync;

static class LogNames
{
    /// <summary>
    /// A database's name in the few lines that operators look for in logs (<c>Railway → Neon sync completed</c>): <c>neon</c> is
    /// <c>Neon</c> there, and as the configuration writes it everywhere else.
    /// </summary>
    public static string Of(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}
