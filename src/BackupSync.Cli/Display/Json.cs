using System.Text.Json;

namespace BackupSync.Cli.Display;

/// <summary>Objects on the standard output, in the form that the history has.</summary>
static class Json
{
    /// <summary>One array, for lists.</summary>
    public static void Write<T>(IReadOnlyCollection<T> objects) => Console.Out.WriteLine(JsonSerializer.Serialize(objects, JsonFormat.Indented));

    /// <summary>One object in one line, for what comes one after the other.</summary>
    public static void WriteLine<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, JsonFormat.Line));
}
