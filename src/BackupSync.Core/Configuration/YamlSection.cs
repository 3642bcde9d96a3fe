using System.Globalization;

namespace BackupSync.Configuration;

/// <summary>What all sections of one file share: its problems, its folder, the environment.</summary>
sealed class ReadingContext(string file, Func<string, string?> environment, IKeyObserver? observer = null)
{
    public string File { get; } = file;
    public Func<string, string?> Environment { get; } = environment;
    public IKeyObserver? Observer { get; } = observer;
    public List<ConfigurationProblem> Problems { get; } = [];

    /// <summary>What depends on this machine, such as a variable that is not set: told when it is needed.</summary>
    public List<ConfigurationProblem> HeldBack { get; } = [];

    /// <summary>What is used as it is, and should be mended, such as a file with a secret that everybody can read.</summary>
    public List<ConfigurationProblem> Warnings { get; } = [];

    /// <summary>Names that can be referred to, by name: each of them may be referred to thousands of times.</summary>
    readonly Dictionary<object, object> _byName = new(ReferenceEqualityComparer.Instance);

    /// <summary>A slip is looked for among all names; after so many the next are slips of the same kind.</summary>
    const int MostNearestNames = 50;
    int _nearestNames;

    public IReadOnlyDictionary<string, T> ByName<T>(IReadOnlyList<T> known, Func<T, string> nameOf) where T : class
    {
        if (_byName.TryGetValue(known, out var found))
            return (IReadOnlyDictionary<string, T>)found;
        var byName = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var item in known)
            byName.TryAdd(nameOf(item), item);
        _byName.Add(known, byName);
        return byName;
    }

    /// <summary>As <see cref="NearestName.Of"/>, for the first of many.</summary>
    public string? Nearest(string name, IEnumerable<string> candidates) =>
        _nearestNames++ < MostNearestNames ? NearestName.Of(name, candidates) : null;

    public void Report(YamlValue at, string key, string message) => Problems.Add(Problem(at, key, message));

    public ConfigurationProblem Problem(YamlValue at, string key, string message) => new(File, at.Line, at.Column, key, message);

    /// <summary>Relative to the file's folder; <c>~/</c> is the user's.</summary>
    public string FullPath(string path)
    {
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
            path = Path.Join(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), path[1..]);
        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, Path.GetDirectoryName(File)!));
    }
}

/// <summary>An entry of a list.</summary>
/// <param name="Report">Reports a problem where the entry stands.</param>
sealed record YamlItem(string Text, Action<string> Report);

delegate bool TextParser<T>(string text, out T value);

/// <summary>
/// A mapping of the file, read key by key with a type and a default. What cannot be read is reported, and the default
/// taken in its place, so that reading goes on and finds the other problems. Keys that nobody asked for are unknown.
/// </summary>
sealed partial class YamlSection
{
    /// <summary>What stands for all names that a mapping may have, where keys are told to an observer.</summary>
    public const string AnyName = "<name>";

    /// <summary>The same for patterns.</summary>
    public const string AnyPattern = "<pattern>";

    /// <summary>The same for the items of a list of mappings.</summary>
    public const string AnyItem = "<item>";

    readonly ReadingContext _context;
    readonly string _path;

    /// <summary>The path with <see cref="AnyName"/> in it.</summary>
    readonly string _form;

    /// <summary>Whether its keys are patterns rather than words.</summary>
    bool _hasPatterns;
    readonly YamlValue _start;
    readonly Dictionary<string, (YamlText Key, YamlValue Value)> _entries = [];

    public const string SomeText = "some text";

    /// <summary>The keys that were asked for, in that order; in a set beside it, for a section may have thousands.</summary>
    readonly List<string> _known = [];
    readonly HashSet<string> _isKnown = [];

    YamlSection(ReadingContext context, string path, string form, YamlValue start, YamlMap? map)
    {
        (_context, _path, _form, _start) = (context, path, form, start);
        foreach (var (key, value) in map?.Entries ?? [])
        {
            if (!_entries.TryAdd(key.Text, (key, value)))
                context.Report(key, KeyPath(key.Text), $"this key is there twice; the first is in line {_entries[key.Text].Key.Line}");
        }
    }

    /// <summary>Reads a file as a whole.</summary>
    public static T ReadFile<T>(ReadingContext context, YamlValue root, Func<YamlSection, T> read) =>
        Read(context, "", "", root, root, read);

    /// <summary>Reads a mapping as a whole: what it holds by <paramref name="read"/>, then whatever else is in it as unknown.</summary>
    /// <param name="form">The path with <see cref="AnyName"/> in it.</param>
    /// <param name="at">Where it stands, for what is missing in it.</param>
    /// <param name="value">Null or empty for one that only has defaults.</param>
    static T Read<T>(ReadingContext context, string path, string form, YamlValue at, YamlValue? value, Func<YamlSection, T> read)
    {
        var isMapping = value is null or YamlMap or YamlText { IsNull: true };
        if (!isMapping)
            context.Report(value!, path, $"must be a mapping ('key: value' lines), not {KindOf(value!)}");
        var section = new YamlSection(context, path, form, at, value as YamlMap);
        // Where there is no mapping, what is missing in it is not worth a problem of its own.
        var problems = context.Problems.Count;
        var result = read(section);
        if (!isMapping)
            context.Problems.RemoveRange(problems, context.Problems.Count - problems);
        section.ReportUnknownKeys();
        return result;
    }

    public bool Has(string key) => Find(key) is not null;

    public T Section<T>(string key, Func<YamlSection, T> read) => Section(key, new SectionForm(typeof(T)), read);

    T Section<T>(string key, KeyForm form, Func<YamlSection, T> read)
    {
        var value = Find(key);
        Tell(key, form);
        return Read(_context, KeyPath(key), Below(_form, key), value ?? _start, value, read);
    }

    /// <summary>
    /// A mapping of names to mappings, as <c>databases</c> and <c>jobs</c> are. Entries with bad names are reported and left out.
    /// </summary>
    public IReadOnlyList<T> Named<T>(string key, Func<string, YamlSection, T> read) => Section(key, new NamedForm(typeof(T)), names =>
    {
        var result = new List<T>();
        foreach (var (name, value) in names._entries.Values)
        {
            names.Know(name.Text);
            if (!IsName(name.Text))
                _context.Report(
                    name,
                    names.KeyPath(Quotable(name.Text) ? name.Text : "…"),
                    "is no name: letters, digits, '.', '_' and '-' are allowed, the first being a letter or digit");
            else
                result.Add(Read(
                    _context, names.KeyPath(name.Text), Below(names._form, AnyName), name, value, section => read(name.Text, section)));
        }
        return (IReadOnlyList<T>)result;
    });

    /// <summary>A mapping whose keys are free texts, such as patterns, in the file's order.</summary>
    public IReadOnlyList<T> Each<T>(string key, Func<string, YamlSection, T> read) => Section(key, new PatternsForm(), section =>
    {
        section._hasPatterns = true;
        return (IReadOnlyList<T>)section._entries.Keys.Select(k => read(k, section)).ToArray();
    });

    /// <summary>The text of a key that has to be there; null where it is not, which is reported.</summary>
    public string? RequiredText(string key, string meaning) => RequiredText(key, meaning, new TextForm(SomeText));

    string? RequiredText(string key, string meaning, KeyForm form)
    {
        if (!Has(key))
            Missing(key, meaning);
        return Text(key, null, form);
    }

    public string? Text(string key) => Text(key, null, new TextForm(SomeText));

    /// <param name="otherwise">Where the key is not there, or cannot be read.</param>
    public string Text(string key, string otherwise) => Text(key, otherwise, new TextForm(SomeText))!;

    string? Text(string key, string? otherwise, KeyForm form) =>
        Value(key, otherwise, (string text, out string? value) => (value = text).Length > 0, SomeText, null, form);

    /// <summary>As <see cref="Text(string)"/>, where an empty one means that there is none, as <c>${NAME:-}</c> does.</summary>
    public string? OptionalText(string key)
    {
        var form = new TextForm(SomeText, MayBeEmpty: true);
        Tell(key, form);
        return Find(key) is null or YamlText { Text.Length: 0 } or YamlText { IsNull: true } ? null
            : Value<string?>(
                key, null, (string text, out string? value) => (value = text.Length > 0 ? text : null) is null || true, SomeText, null,
                form);
    }

    /// <summary>
    /// The text as it stands in the file, references to the environment not expanded; null where there is none, which is reported unless it
    /// may be empty.
    /// </summary>
    /// <param name="meaning">What it has to be, where it has no value; else as the form says.</param>
    public string? RawText(string key, TextForm form, string? meaning = null)
    {
        Tell(key, form);
        return Find(key) is { } value && !(form.MayBeEmpty && IsEmpty(key)) ? TextOf(value, KeyPath(key), meaning ?? form.Allowed) : null;
    }

    /// <summary>The same of a list, which may not be empty.</summary>
    /// <param name="example">How one is written.</param>
    public IReadOnlyList<string>? RawTexts(string key, string example)
    {
        Tell(key, new ListForm(new TextForm(SomeText)));
        if (Find(key) is not YamlList { Items.Count: > 0 } list)
        {
            Report(key, $"must be a list such as {example}, not {(Find(key) is YamlList ? "an empty one" : KindOf(Find(key)!))}");
            return null;
        }
        var texts = list.Items.Select((item, i) => item is YamlText { IsNull: false } text
            ? text.Text
            : TextOf(item, $"{KeyPath(key)}[{i}]", SomeText)).ToList();
        return texts.Contains(null) ? null : [.. texts.OfType<string>()];
    }

    public bool Boolean(string key, bool otherwise) =>
        Value(
            key, otherwise, (string text, out bool value) => (value = text == "true") || text == "false", "true or false", null,
            new TruthForm());

    public int Integer(string key, int otherwise, int minimum, int maximum) =>
        Value(
            key, otherwise,
            (string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
                && value >= minimum
                && value <= maximum,
            $"a whole number from {minimum} to {maximum}",
            null,
            new NumberForm(minimum, maximum));

    /// <param name="minimum">In whole seconds, zero included; null for anything that is more than zero.</param>
    public TimeSpan Duration(string key, TimeSpan otherwise, TimeSpan maximum, TimeSpan? minimum = null)
    {
        var least = minimum is null ? "more than 0 and " : minimum > TimeSpan.Zero ? $"at least {minimum.Value.TotalSeconds:0}s and " : "";
        return Value(
            key, otherwise,
            // Zero is the one number whose unit does not matter.
            (string text, out TimeSpan value) => (Durations.TryParse(text, out value) || text == "0")
                && value <= maximum && (minimum is null ? value > TimeSpan.Zero : value >= minimum),
            $"{Durations.Allowed}, {least}at most {maximum.TotalDays:0}d",
            null,
            new DurationForm(minimum, maximum));
    }

    public long Size(string key, long otherwise) =>
        Value<long>(key, otherwise, ByteSizes.TryParse, ByteSizes.Allowed, null, new SizeForm());

    public double Percentage(string key, double otherwise) =>
        Value(
            key,
            otherwise,
            (string text, out double value) => Percentages.TryParse(text, out value) && value <= 1,
            $"{Percentages.Allowed}, from 0% to 100%",
            null,
            new PercentageForm());

    /// <summary>A value of an enumeration by its name, in any case.</summary>
    /// <param name="properNames">They are shown in lower case, such as <c>postgresql</c>; all others as <c>camelCase</c>.</param>
    public T Choice<T>(string key, T otherwise, bool properNames = false) where T : struct, Enum
    {
        var names = WordsOf<T>(properNames);
        return Value(
            key, otherwise,
            (string text, out T value) => Enum.TryParse(text, ignoreCase: true, out value)
                && names.Contains(text, StringComparer.OrdinalIgnoreCase),
            "one of " + string.Join(", ", names),
            text => _context.Nearest(text, names),
            new WordForm(names));
    }

    static List<string> WordsOf<T>(bool properNames = false) where T : struct, Enum =>
        [.. Enum.GetNames<T>().Select(n => properNames ? n.ToLowerInvariant() : char.ToLowerInvariant(n[0]) + n[1..])];

    /// <summary>Whether the key is missing, or holds nothing or a list of nothing.</summary>
    public bool IsEmpty(string key) => Find(key) is null or YamlText { IsNull: true } or YamlList { Items.Count: 0 };

    /// <summary>Whether the key holds a single value rather than a list or a mapping.</summary>
    public bool IsSingle(string key) => Find(key) is YamlText { IsNull: false };

    /// <summary>What a name that has to be there refers to; null where it is not there or refers to nothing, which is reported.</summary>
    /// <param name="kind">What it is, such as <c>database</c>.</param>
    public T? Reference<T>(string key, string kind, string meaning, IReadOnlyList<T> known, Func<T, string> nameOf) where T : class =>
        RequiredText(key, meaning, new NameForm(kind)) is { } name
            ? Known(new YamlItem(name, message => Report(key, message)), kind, known, nameOf)
            : null;

    T? Known<T>(YamlItem item, string kind, IReadOnlyList<T> known, Func<T, string> nameOf) where T : class
    {
        var byName = _context.ByName(known, nameOf);
        if (!byName.TryGetValue(item.Text, out var found))
        {
            var hint = _context.Nearest(item.Text, byName.Keys) is { } nearest ? $"Did you mean '{nearest}'?"
                : byName.Count > 0 ? $"There are: {NameList.Of([.. byName.Keys], most: 20)}."
                : "There are none.";
            item.Report($"there is no {kind} named {Quote(item.Text)}. {hint}");
        }
        return found;
    }

    /// <summary>Reads a key by a parser; the default where it is missing or cannot be read.</summary>
    /// <param name="allowed">What is allowed, for "must be …".</param>
    /// <param name="forms">The same for the reference and the schema, each one that is allowed; none for any text.</param>
    public T Value<T>(
        string key, T otherwise, TextParser<T> parser, string allowed, Func<string, string?>? nearest = null, params KeyForm[] forms)
    {
        foreach (var form in forms.Length > 0 ? forms : [new TextForm(allowed)])
            Tell(key, form, otherwise);
        if (Find(key) is not { } value || Expanded(value, KeyPath(key), allowed) is not { } text)
            return otherwise;
        if (parser(text, out var result))
            return result;
        var raw = ((YamlText)value).Text;
        var hint = nearest?.Invoke(text) is { } name ? $" Did you mean '{name}'?" : "";
        Report(key, $"must be {allowed}, not {Quote(raw)}{(hint.Length > 0 ? "." : "")}{hint}");
        return otherwise;
    }

    public string FullPath(string path) => _context.FullPath(path);

    public string KeyPath(string key) => Below(_path, key);

    /// <summary>Reports a problem where the key's value stands, or where the section begins.</summary>
    public void Report(string key, string message) => _context.Problems.Add(Problem(key, message));

    /// <summary>Reports a problem of the section as a whole, where it begins.</summary>
    public void ReportHere(string message) => _context.Report(_start, _path, message);

    /// <summary>Reports that a key is not there which has to be.</summary>
    public void Missing(string key, string meaning)
    {
        _context.Observer?.Missing(_form, key);
        Report(key, $"is missing: {meaning}");
    }

    /// <summary>Reports those of several keys that stand beside the first of them that is there, for they exclude each other.</summary>
    /// <param name="rule">What is wrong with that, as the rest of a sentence.</param>
    public void Alternatives(IReadOnlyList<string> keys, string rule)
    {
        _context.Observer?.Alternatives(_form, keys);
        var there = keys.Where(Has).ToList(); // all are known from here on
        foreach (var other in there.Skip(1))
            Report(other, $"stands beside '{there[0]}'; {rule}");
    }

    /// <summary>As <see cref="Report"/>, for what is told only when it is needed.</summary>
    public ConfigurationProblem HoldBack(string key, string message)
    {
        var problem = Problem(key, message);
        _context.HeldBack.Add(problem);
        return problem;
    }

    /// <summary>Of what goes on as it is, and should be mended.</summary>
    public void Warn(string key, string message) => _context.Warnings.Add(Problem(key, message));

    /// <summary>A variable of the environment; null where it is not set.</summary>
    public string? Environment(string name) => _context.Environment(name);

    /// <summary>Expands the references of a text; a fault names variables, never what they hold.</summary>
    public (string? Value, string? Fault) Expand(string raw) => EnvironmentReferences.Expand(raw, _context.Environment);

    public ConfigurationProblem Problem(string key, string message) =>
        _context.Problem(_entries.TryGetValue(key, out var entry) ? entry.Value : _start, KeyPath(key), message);

    /// <summary>What somebody wrote, for a message; a reference to a variable as such, and nothing that could hold a password.</summary>
    public static string Quote(string text) => text.Length == 0 ? "empty" : Quotable(text) ? $"'{text}'" : "what stands here";

    static bool Quotable(string text) => text.Length <= 60 && !text.Contains("://", StringComparison.Ordinal)
        && text.AsSpan().IndexOfAny("@;=\r\n\t") < 0;

    /// <param name="otherwise">What the key stands for where it is not there.</param>
    void Tell(string key, KeyForm form, object? otherwise = null) => _context.Observer?.Read(
        _form, _hasPatterns ? AnyPattern : key, form, _entries.ContainsKey(key) ? null : otherwise);

    static string Below(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    YamlValue? Find(string key)
    {
        Know(key);
        return _entries.TryGetValue(key, out var entry) ? entry.Value : null;
    }

    void Know(string key)
    {
        if (!_isKnown.Add(key))
            return;
        _known.Add(key);
        _context.Observer?.Known(_form, _hasPatterns ? AnyPattern : key);
    }

    string? Expanded(YamlValue value, string path, string allowed)
    {
        if (TextOf(value, path, allowed) is not { } raw)
            return null;
        var (text, fault) = EnvironmentReferences.Expand(raw, _context.Environment);
        if (text is not null && text.Contains('\0', StringComparison.Ordinal))
            (text, fault) = (null, "has a NUL character in it");
        if (fault is not null)
            _context.Report(value, path, fault);
        return text;
    }

    static string? TextOrNull(YamlValue value) => value is YamlText { IsNull: false } text && text.Text.Length > 0 ? text.Text : null;

    string? TextOf(YamlValue value, string path, string allowed)
    {
        if (TextOrNull(value) is { } text)
            return text;
        _context.Report(value, path, value is YamlText ? $"has no value; it must be {allowed}" : $"must be {allowed}, not {KindOf(value)}");
        return null;
    }

    void ReportUnknownKeys()
    {
        foreach (var (key, _) in _entries.Values.Where(e => !_isKnown.Contains(e.Key.Text)))
        {
            var nearest = _context.Nearest(key.Text, _known);
            _context.Report(
                key, KeyPath(Quotable(key.Text) ? key.Text : "…"),
                nearest is null ? $"unknown key; allowed are {string.Join(", ", _known)}" : $"unknown key. Did you mean '{nearest}'?");
        }
    }

    static string KindOf(YamlValue value) => value switch
    {
        YamlList => "a list",
        YamlMap => "a mapping",
        YamlText { IsNull: true } => "nothing",
        _ => "a single value",
    };

    static bool IsName(string text) =>
        text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
}
