using BackupSync.Configuration;

namespace BackupSync.Tests.References;

/// <summary>What a key is, in the words of the property that holds its value.</summary>
static class ConfigurationSentences
{
    /// <summary>Keys that are not called as their property is.</summary>
    static readonly Dictionary<string, string> OtherwiseCalled = new()
    {
        ["databases.<name>.url"] = $"P:{typeof(DatabaseConfig)}.{nameof(DatabaseConfig.Address)}",
        ["databases.<name>.password"] = $"F:{typeof(SecretKinds)}.{nameof(SecretKinds.Password)}",
        ["places.<name>.limits.connect"] = $"P:{typeof(S3PlaceConfig)}.{nameof(S3PlaceConfig.AnswerLimit)}",
        ["backupPlans.<name>.limits.blocking"] = $"P:{typeof(BackupPlanConfig)}.{nameof(BackupPlanConfig.Blocking)}",
    };

    /// <summary>Null where there is none.</summary>
    /// <param name="path">The path of the key.</param>
    /// <param name="section">The record that is made of the section; null for the file as a whole.</param>
    public static string? Of(string path, Type section)
    {
        if (OtherwiseCalled.TryGetValue(path, out var member))
            return XmlComments.Markdown(member, "summary");
        var key = path[(path.LastIndexOf('.') + 1)..];
        if (OfWay(path[..^key.Length].TrimEnd('.'), key) is { } way)
            return way;
        var property = char.ToUpperInvariant(key[0]) + key[1..];
        return section.Assembly.GetTypes().Where(section.IsAssignableFrom)
            .Select(type => XmlComments.Markdown($"P:{type}.{property}", "summary")).FirstOrDefault(s => s is not null);
    }

    /// <summary>Of a key that says where the value of another one is.</summary>
    static string? OfWay(string section, string key) => (
        from way in SecretReader.Ways
        where way.Length > 0 && key.EndsWith(way, StringComparison.Ordinal)
        let instead = key[..^way.Length]
        where ConfigurationKeys.Section(section).Keys.Exists(k => k.Name == instead)
        select $"Instead of `{instead}`: {XmlComments.Markdown($"F:{typeof(SecretReader)}.{way}", "summary")}").FirstOrDefault();
}
