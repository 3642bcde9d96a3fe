using System.Text.Json;
using System.Text.Json.Serialization;

namespace BackupSync.Runs;

/// <summary>What the records of runs are read and written by.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RunResult))]
[JsonSerializable(typeof(LatestRuns.Content))]
sealed partial class RunJson : JsonSerializerContext
{
    // Made when they are asked for: what is compiled stands in a static of its own, which may be set later.
    static readonly Lazy<JsonSerializerOptions> MadeLine = new(() => JsonFormat.Compiled(JsonFormat.Line, Default!));
    static readonly Lazy<JsonSerializerOptions> MadeIndented = new(() => JsonFormat.Compiled(JsonFormat.Indented, Default!));

    /// <summary>For the history.</summary>
    public static JsonSerializerOptions Line => MadeLine.Value;

    /// <summary>For the latest runs.</summary>
    public static JsonSerializerOptions Indented => MadeIndented.Value;
}
