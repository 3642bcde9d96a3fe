using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BackupSync.Reporting;

/// <summary>
/// Health as others read it over HTTP and from <c>backupsync health --json</c>: names and words begin in lower case, as monitoring has them
/// elsewhere.
/// </summary>
public static class HealthJson
{
    static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>What <c>/api/system/db-health</c> answers.</summary>
    public static string Of(JobHealth health) => JsonSerializer.Serialize(health, Format);

    /// <summary>What <c>/api/system/health</c> answers.</summary>
    public static string Of(HealthReport health) => JsonSerializer.Serialize(health, Format);
}
