using System.Text.Json;
using System.Text.Json.Serialization;

namespace BackupSync.Runs;

/// <summary>
/// Records of runs as one line of JSON. What reads and writes them is made when this is compiled: to be made at run time takes a fifth of
/// a second, which is most of what a short list of runs, or a short run, has to do.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RunResult))]
sealed partial class RunJson : JsonSerializerContext
{
    /// <summary>As <see cref="JsonFormat.Line"/>.</summary>
    public static JsonSerializerOptions Line => Made.Value;

    /// <summary>When it is asked for: what is compiled stands in a static of its own, which may be set later.</summary>
    static readonly Lazy<JsonSerializerOptions> Made = new(() =>
    {
        var options = new JsonSerializerOptions(JsonFormat.Line) { TypeInfoResolver = Default };
        options.MakeReadOnly();
        return options;
    });
}
