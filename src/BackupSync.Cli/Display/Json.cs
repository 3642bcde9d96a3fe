using System.Text.Json;
using BackupSync.Runs;

namespace BackupSync.Cli.Display;

/// <summary>Objects on the standard output, by the names that they have in PowerShell: what reads the one, reads the other.</summary>
static class Json
{
    /// <summary>One array, for lists. Each object is written as it comes: a list may be longer than memory.</summary>
    public static void Write<T>(IEnumerable<T> objects)
    {
        var before = "[\n";
        foreach (var one in objects)
        {
            // A text's own line breaks are escaped in JSON: these are between its parts.
            var shown = JsonSerializer.Serialize(one, JsonFormat.Shown).Replace("\n", "\n  ", StringComparison.Ordinal);
            Console.Out.Write($"{before}  {shown}");
            before = ",\n";
        }
        Console.Out.WriteLine(before == "[\n" ? "[]" : "\n]");
    }

    /// <summary>One object in one line, for what comes one after the other.</summary>
    /// <summary>What is told instead of a result where a command fails before there is one.</summary>
    public static void WriteFailure(BackupSyncException failure) => WriteLine(new
    {
        Success = false,
        Error = new RunError(failure.ErrorId, null, failure.Message, failure.Detail, failure.Advice, null),
    });

    public static void WriteLine<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, JsonFormat.ShownLine));
}
