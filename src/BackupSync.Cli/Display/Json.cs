using System.Text.Json;

namespace BackupSync.Cli.Display;

/// <summary>Objects on the standard output, in the form that the history has.</summary>
static class Json
{
    /// <summary>One array, for lists. Each object is written as it comes: a list may be longer than memory.</summary>
    public static void Write<T>(IEnumerable<T> objects)
    {
        var before = "[\n";
        foreach (var one in objects)
        {
            // A text's own line breaks are escaped in JSON: these are between its parts.
            var shown = JsonSerializer.Serialize(one, JsonFormat.Indented).Replace("\n", "\n  ", StringComparison.Ordinal);
            Console.Out.Write($"{before}  {shown}");
            before = ",\n";
        }
        Console.Out.WriteLine(before == "[\n" ? "[]" : "\n]");
    }

    /// <summary>One object in one line, for what comes one after the other.</summary>
    public static void WriteLine<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, JsonFormat.Line));
}
