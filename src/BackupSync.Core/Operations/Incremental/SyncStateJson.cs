using System.Text.Json;
using System.Text.Json.Serialization;

namespace BackupSync.Operations.Incremental;

/// <summary>What the notes of incremental runs are read and written by.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SyncState))]
sealed partial class SyncStateJson : JsonSerializerContext
{
    /// <summary>Made when it is asked for: what is compiled stands in a static of its own, which may be set later.</summary>
    static readonly Lazy<JsonSerializerOptions> MadeLine = new(() => JsonFormat.Compiled(JsonFormat.Line, Default!));

    public static JsonSerializerOptions Line => MadeLine.Value;
}
