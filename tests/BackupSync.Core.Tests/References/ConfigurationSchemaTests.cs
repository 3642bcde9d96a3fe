using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BackupSync.Configuration;
using BackupSync.Tests.Configuration;
using Json.Schema;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace BackupSync.Tests.References;

/// <summary>The schema for editors is made of what the reader asks for, and the two agree on what is a configuration.</summary>
[Trait("Needs", "nothing")]
public sealed partial class ConfigurationSchemaTests : IDisposable
{
    static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    static readonly string SchemaText = ConfigurationSchema.Make().ToJsonString(Format);
    static readonly Lazy<JsonSchema> Schema = new(() => JsonSchema.FromText(SchemaText));

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Schema_file_has_what_the_reader_takes() =>
        GeneratedText.IsCurrent("docs/backupsync.schema.json", SchemaText.ReplaceLineEndings("\n").Split('\n'));

    [Fact]
    public void Schema_goes_where_the_core_goes() =>
        Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, "backupsync.schema.json")));

    [Fact]
    public void Starter_is_valid_as_it_is_and_with_every_comment_taken_off()
    {
        Assert.Equal("", Faults(ConfigurationFile.Starter));
        var whole = StarterSamples.WithoutComments();
        Assert.Contains("\ntools:", whole, StringComparison.Ordinal);
        Assert.Equal("", Faults(whole));
    }

    [Fact]
    public void Examples_of_the_documents_are_valid()
    {
        var texts = Directory.EnumerateFiles(Path.Combine(GeneratedText.Repository, "examples"), "*.yml")
            .Select(f => (Name: Path.GetFileName(f), Text: File.ReadAllText(f)))
            .Concat(from document in Directory
                        .EnumerateFiles(Path.Combine(GeneratedText.Repository, "docs"), "*.md", SearchOption.AllDirectories)
                        .Append(Path.Combine(GeneratedText.Repository, "README.md"))
                    from Match block in YamlBlock().Matches(File.ReadAllText(document))
                    select (Name: Path.GetFileName(document), Text: block.Groups["text"].Value)).ToList();

        Assert.True(texts.Count > 7, $"{texts.Count} examples");
        Assert.Empty(from example in texts
                     let faults = Faults(example.Text.Split('\n').Any(l => l.StartsWith("databases:", StringComparison.Ordinal))
                         ? example.Text
                         // A document shows what it is about.
                         : "databases: { any: { url: x } }\n" + example.Text)
                     where faults.Length > 0
                     select $"{example.Name}: {faults}");
    }

    /// <summary>What a job may have, in the spelling that the reference shows.</summary>
    [Theory]
    [InlineData("mode: incremental, tables: [users, 5], parallel: 64")]
    [InlineData("limits: { connect: 1h30m, dump: 1.5m, blocking: wait, connections: 3 }")]
    [InlineData("limits: { connect: \"${LIMIT:-90s}\", connections: \"${MANY:-3}\" }")]
    [InlineData("limits: , verify: { report: }, exclude: {}")]
    [InlineData("incremental: { trackBy: content, lateness: 0, updatedAtColumns: [] }")]
    [InlineData("incremental: { trackBy: { \"audit_*\": content, users: updatedAt }, deletes: false }")]
    [InlineData("guards: { minimumBackupSize: 1.5MB, maximumShrink: 12.5% }")]
    [InlineData("guards: { minimumBackupSize: 512 }")]
    [InlineData("schedule: { every: 5m, misfireGrace: 0 }")]
    [InlineData("schedule: { cron: \"0 6 * * *\", timeZone: UTC }")]
    [InlineData("backups: { directory: 2024, keepDays: 0, compression: zstd }")]
    public void Job_is_right_to_both(string settings)
    {
        var text = WithJob($"source: a, target: b, {settings}");

        Assert.Empty(Problems(text));
        Assert.Equal("", Faults(text));
    }

    [Theory]
    [InlineData("source: a")]
    [InlineData("source: a, target: [b]")]
    [InlineData("source: a, target: b, mode: some")]
    [InlineData("source: a, target: b, modes: full")]
    [InlineData("source: a, target: b, tables: users")]
    [InlineData("source: a, target: b, parallel: 65")]
    [InlineData("source: a, target: b, parallel: many")]
    [InlineData("source: a, target: b, limits: 5m")]
    [InlineData("source: a, target: b, limits: { dump: 5 }")]
    [InlineData("source: a, target: b, limits: { dump: 5 minutes }")]
    [InlineData("source: a, target: b, limits: { dump: }")]
    [InlineData("source: a, target: b, limits: { blocking: never }")]
    [InlineData("source: a, target: b, incremental: { deletes: no }")]
    [InlineData("source: a, target: b, incremental: { trackBy: { users: stamps } }")]
    [InlineData("source: a, target: b, guards: { maximumShrink: 0.5 }")]
    [InlineData("source: a, target: b, guards: { minimumBackupSize: -1KB }")]
    [InlineData("source: a, target: b, schedule: { timeZone: UTC }")]
    [InlineData("source: a, target: b, schedule: { cron: \"0 6 * * *\", every: 5m }")]
    public void Job_is_wrong_to_both(string settings) => AreWrong(WithJob(settings));

    [Theory]
    [InlineData("jobs: {}")]
    [InlineData("databases: { a: { role: backup } }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\", role: primary } }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nplaces: { p: {} }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nplaces: { p: { directory: d, s3: { bucket: b } } }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nplaces: { p: { s3: { prefix: b } } }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nplaces: { \"p q\": { directory: d } }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nencryption: {}")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nencryption: { passphrase: 123456789012, passphraseFile: f }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nbackupPlans: { p: {} }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nbackupPlans: { p: { databases: every } }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nbackupPlans: { p: { databases: all, keep: { tags: { a: always } } } }")]
    [InlineData("databases: { a: { url: \"postgresql://h/a\" } }\nextra: 1")]
    public void File_is_wrong_to_both(string text) => AreWrong(text);

    static string WithJob(string settings) => $$"""
        databases: { a: { url: "postgresql://h/a" }, b: { url: "postgresql://h/b" } }
        jobs: { j: { {{settings}} } }
        """;

    void AreWrong(string text)
    {
        Assert.NotEmpty(Problems(text));
        Assert.NotEqual("", Faults(text));
    }

    IReadOnlyList<ConfigurationProblem> Problems(string text) =>
        ConfigurationFile.Check(_folder.Write("backupsync.yml", text), _ => null);

    /// <summary>What the schema has against a file; empty for nothing.</summary>
    static string Faults(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        using var instance = JsonDocument.Parse(Json(yaml.Documents[0].RootNode)?.ToJsonString() ?? "null");
        var results = Schema.Value.Evaluate(instance.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        return results.IsValid ? "" : string.Join("; ", new[] { "not valid" }.Concat(
            from detail in results.Details ?? []
            from error in detail.Errors ?? []
            select $"{detail.InstanceLocation}: {error.Value}"));
    }

    /// <summary>As editors read it: what is not quoted is a number, true or false, or nothing where it looks so.</summary>
    static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value!, Json(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Json)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "~" or "null" } => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } truth => truth.Value == "true",
        YamlScalarNode { Style: ScalarStyle.Plain } text when long.TryParse(
            text.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        YamlScalarNode { Style: ScalarStyle.Plain } text when double.TryParse(
            text.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        YamlScalarNode text => text.Value,
        _ => throw new NotSupportedException(node.GetType().Name),
    };

    [GeneratedRegex("^```ya?ml\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex YamlBlock();
}
