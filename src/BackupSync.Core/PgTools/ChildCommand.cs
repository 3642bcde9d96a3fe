using System.Text.RegularExpressions;
using BackupSync.Postgres;

namespace BackupSync.PgTools;

/// <summary>A program to run, with all it needs. Secrets go into the environment, never into the arguments.</summary>
/// <param name="Executable">A full path, or a name to be found on the PATH.</param>
sealed partial record ChildCommand(string Executable, IReadOnlyList<string> Arguments)
{
    public ChildCommand(string executable, params string[] arguments) : this(executable, (IReadOnlyList<string>)arguments)
    {
    }

    /// <summary>Variables that differ from this process's own; null takes one away.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Null for this process's own.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Writes the child's standard input, which is closed when it returns. Null: there is no input.</summary>
    public Func<Stream, CancellationToken, Task>? StandardInput { get; init; }

    /// <summary>Reads the child's standard output as it comes. Null: it is kept as <see cref="ChildResult.Output"/>.</summary>
    public Func<Stream, CancellationToken, Task>? StandardOutput { get; init; }

    /// <summary>Called with each line of standard error as it comes, one at a time.</summary>
    public Action<string>? OnErrorLine { get; init; }

    /// <summary>The program's name without folder and extension, for messages.</summary>
    public string Name => Path.GetFileNameWithoutExtension(Executable);

    /// <summary>The same, as a tool of PostgreSQL that connects to this database, whatever variables this process has.</summary>
    public ChildCommand ConnectedTo(DatabaseAddress address)
    {
        var environment = new Dictionary<string, string?>(Environment);
        foreach (var name in DatabaseAddress.VariablesNotToInherit)
            environment[name] = null;
        foreach (var (name, value) in address.ToEnvironment())
            environment[name] = value;
        return this with { Environment = environment };
    }

    /// <summary>The command line as one would type it, for the log. Without the environment, so without any secret.</summary>
    public override string ToString() => string.Join(' ', Arguments.Prepend(Executable).Select(Quoted));

    static string Quoted(string argument) =>
        PlainArgument().IsMatch(argument) ? argument
        : OperatingSystem.IsWindows() ? $"\"{argument.Replace("\"", "\\\"", StringComparison.Ordinal)}\""
        : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[\w@%+=:,./\\-]+$")]
    internal static partial Regex PlainArgument();
}

/// <summary>How a child process ended.</summary>
/// <param name="Output">Standard output as text; empty where the command had a reader of its own.</param>
/// <param name="ErrorTail">The last lines of standard error, a few thousand characters at most.</param>
sealed record ChildResult(int ExitCode, string Output, string ErrorTail, TimeSpan Duration);
