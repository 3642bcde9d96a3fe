using BackupSync.Configuration;

namespace BackupSync.Tests.References;

/// <summary>The table of docs/configuration.md is made of what the reader asks for.</summary>
[Trait("Needs", "nothing")]
public sealed class ConfigurationReferenceTests
{
    static readonly IReadOnlyList<Row> Rows = [.. RowsOf("", typeof(BackupSyncConfig))];

    [Fact]
    public void Each_key_that_the_reader_knows_is_read_and_told_in_a_sentence()
    {
        Assert.True(Rows.Count > 60, $"{Rows.Count} keys");
        Assert.Empty(Rows.Where(r => r.Takes.Length == 0 || r.Sentence is null).Select(r => r.Path));
    }

    [Fact]
    public void Page_of_the_configuration_has_what_the_reader_takes() =>
        GeneratedText.IsCurrentIn("docs/configuration.md", "keys", [
            "| key | takes | default | what it is |",
            "|---|---|---|---|",
            .. Rows.Select(r => $"| `{r.Path}` | {r.Takes} | {r.Default} | {r.Sentence} |"
                .Replace("|  |", "| |").Replace($".{YamlSection.AnyItem}", "[]")),
        ]);

    sealed record Row(string Path, string Takes, string Default, string? Sentence);

    static IEnumerable<Row> RowsOf(string sectionPath, Type section)
    {
        foreach (var key in ConfigurationKeys.Section(sectionPath).Keys.OrderByDescending(k => k.IsRequired))
        {
            var path = ConfigurationKeys.Below(sectionPath, key.Name);
            switch (key.Forms)
            {
                case [SectionForm below]:
                    foreach (var row in RowsOf(path, below.Of))
                        yield return row;
                    break;
                case [SectionsForm below]:
                    foreach (var row in RowsOf($"{path}.{YamlSection.AnyItem}", below.Of))
                        yield return row;
                    break;
                case [NamedForm below]:
                    foreach (var row in RowsOf($"{path}.{YamlSection.AnyName}", below.Of))
                        yield return row;
                    break;
                default:
                    yield return new Row(path, Takes(path, key), Default(key), ConfigurationSentences.Of(path, section));
                    break;
            }
        }
    }

    static string Takes(string path, KeyOfFile key)
    {
        // Of a text that is asked for in two ways, the one that says more.
        var forms = key.Forms.Where(f => f is not TextForm { MayBeEmpty: true } || key.Forms.OfType<TextForm>().Count() == 1);
        return string.Join(", or ", forms.OrderBy(f => f is PatternsForm).Select(f => f is PatternsForm ? Patterns(path) : Of(f)));
    }

    static string Patterns(string path)
    {
        var values = Assert.Single(ConfigurationKeys.Section(path).Keys);
        return $"a mapping of patterns to {Takes(path, values)}";
    }

    static string Of(KeyForm form) => form switch
    {
        TextForm text => text.Allowed == "some text" ? "a text" : text.Allowed,
        TruthForm => "`true`, `false`",
        WordForm words => string.Join(", ", words.Words.Select(w => $"`{w}`")),
        NumberForm number => $"a number from {number.Minimum} to {number.Maximum}",
        DurationForm { Minimum: { } minimum } duration =>
            $"a duration from {ConfigurationTexts.Of(minimum)} to {ConfigurationTexts.Of(duration.Maximum)}",
        DurationForm duration => $"a duration of at most {ConfigurationTexts.Of(duration.Maximum)}",
        SizeForm => "a size",
        PercentageForm => "a percentage from 0% to 100%",
        NameForm name => $"the name of a {name.Kind}",
        WordsForm words => $"a list of {string.Join(", ", words.Words.Select(w => $"`{w}`"))}",
        ListForm { Of: NameForm name } => $"a list of {name.Kind}s",
        ListForm => "a list of texts",
        _ => throw new NotSupportedException(form.ToString()),
    };

    static string Default(KeyOfFile key) => key switch
    {
        { IsRequired: true, Alternatives: { Count: > 0 } others } =>
            $"has to be there, or {string.Join(", ", others.Select(o => $"`{o}`"))} instead",
        { IsRequired: true } => "has to be there",
        { Otherwise: null } => "",
        _ => $"`{ConfigurationTexts.Of(key.Otherwise)}`",
    };
}
