using BackupSync.Configuration;

namespace BackupSync.Tests.References;

/// <summary>
/// All keys that the reader takes, found out by asking it: it is given files with a single key, first one of those that it knows at the
/// top, then one of those that it asks for in there, until nothing new is heard of.
/// </summary>
sealed class ConfigurationKeys : IKeyObserver
{
    /// <summary>Names and patterns of the files it is given.</summary>
    const string Name = "NAME";

    static readonly Lazy<ConfigurationKeys> Found = new(() => new ConfigurationKeys());

    readonly Dictionary<string, KeySection> _sections = [];

    ConfigurationKeys()
    {
        var probed = new HashSet<(string Path, string Value)>();
        Probe([]);
        // Probing adds keys and words.
        for (var before = -1; before != probed.Count;)
        {
            before = probed.Count;
            foreach (var (path, value, text) in (from section in _sections.ToList()
                                                from key in section.Value.Keys.ToList()
                                                from value in Values(key)
                                                select (Below(section.Key, key.Name), value.Value, value.Text)).ToList())
            {
                if (probed.Add((path, text)))
                    Probe([.. path.Split('.')], value);
            }
        }
    }

    public static KeySection Root => Section("");

    /// <param name="path">Such as <c>jobs.&lt;name&gt;.limits</c>.</param>
    public static KeySection Section(string path) => Found.Value._sections[path];

    public static string Below(string section, string key) => section.Length == 0 ? key : $"{section}.{key}";

    void IKeyObserver.Known(string section, string key) => Key(section, key);

    void IKeyObserver.Read(string section, string key, KeyForm form, object? otherwise)
    {
        var known = Key(section, key);
        known.Otherwise ??= otherwise is string text ? text.Replace(Name, YamlSection.AnyName, StringComparison.Ordinal) : otherwise;
        if (known.Forms.All(f => Text(f) != Text(form)))
            known.Forms.Add(form);
    }

    void IKeyObserver.Missing(string section, string key) => Key(section, key).IsRequired = true;

    void IKeyObserver.Alternatives(string section, IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
            Key(section, key).Alternatives = [.. keys.Where(k => k != key)];
    }

    KeyOfFile Key(string section, string name)
    {
        if (!_sections.TryGetValue(section, out var found))
            _sections.Add(section, found = new KeySection(section));
        var key = found.Keys.Find(k => k.Name == name);
        if (key is null)
            found.Keys.Add(key = new KeyOfFile(name));
        return key;
    }

    /// <summary>Records compare lists by reference.</summary>
    static string Text(KeyForm form) => form switch
    {
        WordForm { Words: var words } => string.Join('|', words),
        WordsForm { Words: var words } => $"[{string.Join('|', words)}]",
        _ => form.ToString(),
    };

    static IEnumerable<(YamlValue Value, string Text)> Values(KeyOfFile key)
    {
        var word = Scalar(Name);
        return new (YamlValue, string)[]
        {
            (word, "text"),
            (new YamlList([word], 0, 0), "list"),
            (Map(), "nothing"),
            (Map((Name, Map())), "sections"),
            (Map((Name, word)), "texts"),
            (new YamlList([Map()], 0, 0), "mappings"),
        }.Concat(key.Forms.OfType<WordForm>().SelectMany(f => f.Words).Select(w => ((YamlValue)Scalar(w), w)));
    }

    void Probe(ReadOnlySpan<string> path, YamlValue? value = null)
    {
        var root = value ?? Map();
        for (var i = path.Length - 1; i >= 0; i--)
            root = path[i] == YamlSection.AnyItem
                ? new YamlList([root], 0, 0)
                : Map((path[i] is YamlSection.AnyName or YamlSection.AnyPattern ? Name : path[i], root));
        new ConfigurationReader(Path.GetFullPath("backupsync.yml"), _ => null, this).Read(root);
    }

    static YamlText Scalar(string text) => new(text, false, 0, 0);

    static YamlMap Map(params (string Key, YamlValue Value)[] entries) => new([.. entries.Select(e => (Scalar(e.Key), e.Value))], 0, 0);
}

/// <summary>A mapping of the file, with its keys in the order in which the reader asks for them.</summary>
sealed record KeySection(string Path)
{
    public List<KeyOfFile> Keys { get; } = [];

    public bool HasPatterns => Keys.Exists(k => k.Name == YamlSection.AnyPattern);
}

/// <summary>A key, and all that was heard of it.</summary>
sealed record KeyOfFile(string Name)
{
    /// <summary>Any of these.</summary>
    public List<KeyForm> Forms { get; } = [];

    /// <summary>What it stands for where it is missing; null for nothing.</summary>
    public object? Otherwise { get; set; }

    /// <summary>Whether it has to be there, unless one of <see cref="Alternatives"/> is.</summary>
    public bool IsRequired { get; set; }

    /// <summary>The keys of which one may be there in its place.</summary>
    public IReadOnlyList<string> Alternatives { get; set; } = [];
}
