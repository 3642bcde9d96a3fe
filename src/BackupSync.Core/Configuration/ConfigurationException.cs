namespace BackupSync.Configuration;

/// <summary>One thing wrong in a configuration file, with where it stands.</summary>
/// <param name="Line">1-based; 0 where the problem is the file itself.</param>
/// <param name="Column">1-based, in characters.</param>
/// <param name="Key">The path of the key, such as <c>jobs.nightly.limits.dump</c>.</param>
/// <param name="Message">What is wrong, and what is allowed.</param>
public sealed record ConfigurationProblem(string File, int Line, int Column, string Key, string Message)
{
    public override string ToString() =>
        Line == 0 ? $"{File}: {Message}" : $"{File}:{Line}:{Column}: {(Key.Length > 0 ? Key + ": " : "")}{Message}";
}

/// <summary>A configuration cannot be used. All of its problems are told at once.</summary>
public sealed class ConfigurationException(IReadOnlyList<ConfigurationProblem> problems)
    : BackupSyncException(ErrorIds.ConfigurationInvalid, string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<ConfigurationProblem> Problems { get; } = problems;
}
