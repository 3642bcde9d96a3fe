using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace BackupSync;

/// <summary>
/// How everything that BackupSync keeps or prints as JSON looks: enums by name, text readable in any script. Keys of what is kept are in
/// snake_case (table names untouched), those of what is printed are the names that objects have in PowerShell. What is read must have all
/// that the types require; what it has beyond that is passed over, so files of a later release stay readable as long as it only adds.
/// </summary>
static class JsonFormat
{
    /// <summary>For manifests.</summary>
    public static JsonSerializerOptions Indented { get; } = Make(JsonNamingPolicy.SnakeCaseLower, indented: true);

    /// <summary>One object in one line, for files of many.</summary>
    public static JsonSerializerOptions Line { get; } = Make(JsonNamingPolicy.SnakeCaseLower, indented: false);

    /// <summary>For whoever reads a list that a command prints.</summary>
    public static JsonSerializerOptions Shown { get; } = Make(names: null, indented: true);

    /// <summary>One object in one line, for what a command prints one after the other.</summary>
    public static JsonSerializerOptions ShownLine { get; } = Make(names: null, indented: false);

    /// <summary>
    /// A format for types whose reading and writing is made when they are compiled: to be made at run time takes a tenth of a second for
    /// each of ours, which a short run or list notices.
    /// </summary>
    internal static JsonSerializerOptions Compiled(JsonSerializerOptions format, IJsonTypeInfoResolver types)
    {
        var options = new JsonSerializerOptions(format) { TypeInfoResolver = types };
        options.MakeReadOnly();
        return options;
    }

    static JsonSerializerOptions Make(JsonNamingPolicy? names, bool indented)
    {
        var options = new JsonSerializerOptions
        {
            WriteIndented = indented,
            NewLine = "\n",
            PropertyNamingPolicy = names,
            // Nothing of this is ever put into HTML.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false), new FiniteNumber() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
