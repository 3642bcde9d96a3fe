using System.Text.Json.Nodes;
using BackupSync.Configuration;

namespace BackupSync.Tests.References;

/// <summary>The schema of backupsync.yml that editors use, made of what the reader asks for.</summary>
/// <remarks>
/// It refuses what the reader refuses as far as a schema can: not names that nothing has, nor durations that are too long. Of words it
/// wants the spelling that is shown, where the reader takes any case.
/// </remarks>
static class ConfigurationSchema
{
    /// <summary>As the reader takes them, without the names of its groups, which not every editor knows.</summary>
    const string Duration = @"^\s*(\d+(\.\d+)?d)?\s*(\d+(\.\d+)?h)?\s*(\d+(\.\d+)?m(?!s))?\s*(\d+(\.\d+)?s)?\s*(\d+(\.\d+)?ms)?\s*$";
    const string Size = @"^\s*\d+(\.\d+)?\s*([kKmMgGtTpP][iI]?)?[bB]?\s*$";
    const string Percentage = @"^\s*\d+(\.\d+)?\s*%\s*$";
    const string Name = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
    const string Reference = "reference";

    public static JsonObject Make()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "backupsync.yml",
            ["$defs"] = new JsonObject
            {
                [Reference] = new JsonObject
                {
                    ["description"] = "${NAME} or ${NAME:-default}, taken from the environment.",
                    ["type"] = "string",
                    ["pattern"] = @"\$\{",
                },
            },
        };
        foreach (var (keyword, value) in Section("", typeof(BackupSyncConfig)))
            schema[keyword] = value?.DeepClone();
        return schema;
    }

    static JsonObject Section(string path, Type section)
    {
        var keys = ConfigurationKeys.Section(path).Keys;
        var required = keys.Where(k => k is { IsRequired: true, Alternatives.Count: 0 }).Select(k => k.Name).ToList();
        var alternatives = keys.Where(k => k is { IsRequired: true, Alternatives.Count: > 0 }).ToList();
        var schema = new JsonObject { ["type"] = required.Count + alternatives.Count > 0 ? "object" : OrNothing("object") };
        if (required.Count > 0)
            schema["required"] = Words(required);
        // Of those that stand for each other one key alone.
        if (alternatives.Count > 0)
            schema["oneOf"] = Any(alternatives.SelectMany(k => k.Alternatives.Prepend(k.Name))
                .Select(name => new JsonObject { ["required"] = Words([name]) }));
        schema["properties"] = new JsonObject(keys.Select(
            key => KeyValuePair.Create(key.Name, (JsonNode?)Property(ConfigurationKeys.Below(path, key.Name), key, section))));
        schema["additionalProperties"] = false;
        return schema;
    }

    static JsonObject Property(string path, KeyOfFile key, Type section)
    {
        var schema = Values(path, key);
        if (ConfigurationSentences.Of(path, section) is { } sentence)
            schema.Insert(0, "description", sentence);
        if (key.Otherwise is { } otherwise)
            schema["default"] = Default(otherwise);
        return schema;
    }

    static JsonObject Values(string path, KeyOfFile key)
    {
        // Of a text that is asked for in two ways, the one that takes more.
        var mayBeEmpty = key.Forms.OfType<TextForm>().Any(f => f.MayBeEmpty);
        var forms = key.Forms.Where(f => !mayBeEmpty || f is TextForm { MayBeEmpty: true }).ToList();
        var schemas = forms.SelectMany(f => Schemas(path, f)).ToList();
        if (forms.Exists(f => f is TruthForm or WordForm or NumberForm or DurationForm or SizeForm or PercentageForm))
            schemas.Add(new JsonObject { ["$ref"] = $"#/$defs/{Reference}" });
        return schemas is [var only] ? only : new JsonObject { ["anyOf"] = Any(schemas) };
    }

    static IEnumerable<JsonObject> Schemas(string path, KeyForm form) => form switch
    {
        SectionForm below => [Section(path, below.Of)],
        SectionsForm below => [new JsonObject
        {
            ["type"] = OrNothing("array"),
            ["items"] = Section($"{path}.{YamlSection.AnyItem}", below.Of),
        }],
        NamedForm below => [new JsonObject
        {
            ["type"] = OrNothing("object"),
            ["propertyNames"] = new JsonObject { ["pattern"] = Name },
            ["additionalProperties"] = Section($"{path}.{YamlSection.AnyName}", below.Of),
        }],
        PatternsForm => [new JsonObject
        {
            ["type"] = OrNothing("object"),
            ["additionalProperties"] = Values($"{path}.{YamlSection.AnyPattern}", ConfigurationKeys.Section(path).Keys.Single()),
        }],
        ListForm => [new JsonObject { ["type"] = OrNothing("array"), ["items"] = Text() }],
        NameForm => [Text()],
        TextForm { MayBeEmpty: true } => [new JsonObject { ["type"] = Words(["string", "number", "boolean", "null"]) }],
        TextForm => [Text()],
        TruthForm => [new JsonObject { ["type"] = "boolean" }],
        WordForm { Words: var words } => [new JsonObject { ["enum"] = Words(words) }],
        WordsForm { Words: var words } => [new JsonObject
        {
            ["type"] = OrNothing("array"), ["items"] = new JsonObject { ["enum"] = Words(words) },
        }],
        NumberForm number => [new JsonObject { ["type"] = "integer", ["minimum"] = number.Minimum, ["maximum"] = number.Maximum }],
        DurationForm { Minimum: { } minimum } when minimum == TimeSpan.Zero => [Pattern(Duration), new JsonObject { ["const"] = 0 }],
        DurationForm => [Pattern(Duration)],
        SizeForm => [Pattern(Size), new JsonObject { ["type"] = "integer", ["minimum"] = 0 }],
        PercentageForm => [Pattern(Percentage)],
        _ => throw new NotSupportedException(form.ToString()),
    };

    /// <summary>A single value: YAML makes a number of one that looks so.</summary>
    static JsonObject Text() => new() { ["type"] = Words(["string", "number", "boolean"]), ["minLength"] = 1 };

    static JsonObject Pattern(string pattern) => new() { ["type"] = "string", ["pattern"] = pattern, ["minLength"] = 1 };

    static JsonArray OrNothing(string type) => Words([type, "null"]);

    static JsonArray Words(IEnumerable<string> words) => new([.. words.Select(w => (JsonNode)w)]);

    static JsonArray Any(IEnumerable<JsonNode> schemas) => new([.. schemas]);

    static JsonNode Default(object value) => value switch
    {
        bool truth => truth,
        int number => number,
        IReadOnlyList<string> list => Words(list),
        _ => ConfigurationTexts.Of(value),
    };
}
