namespace BackupSync.Configuration;

/// <summary>The lists of a mapping.</summary>
sealed partial class YamlSection
{
    /// <summary>A list; the default where there is none. One that is there may be empty.</summary>
    public IReadOnlyList<string> Texts(string key, IReadOnlyList<string>? otherwise = null)
    {
        otherwise ??= [];
        Tell(key, new ListForm(new TextForm(SomeText)), otherwise);
        return Find(key) is null or YamlText { IsNull: true } ? otherwise : Items(key).Select(i => i.Text).ToArray();
    }

    IReadOnlyList<YamlItem> Items(string key)
    {
        switch (Find(key))
        {
            case null or YamlText { IsNull: true }:
                return [];
            case YamlList list:
                return [.. list.Items.Select((item, i) => Item(item, $"{KeyPath(key)}[{i}]")).OfType<YamlItem>()];
            case var other:
                _context.Report(other, KeyPath(key), $"must be a list such as [a, b], not {KindOf(other)}");
                return [];
        }
    }

    YamlItem? Item(YamlValue value, string path) =>
        Expanded(value, path, SomeText) is { } text ? new YamlItem(text, message => _context.Report(value, path, message)) : null;

    /// <summary>Several values of an enumeration by their names, in any case; each once.</summary>
    public IReadOnlyList<T> Choices<T>(string key) where T : struct, Enum
    {
        var names = WordsOf<T>();
        Tell(key, new WordsForm(names));
        var found = new List<T>();
        foreach (var item in Items(key))
        {
            if (!names.Contains(item.Text, StringComparer.OrdinalIgnoreCase)
                || !Enum.TryParse<T>(item.Text, ignoreCase: true, out var value))
            {
                var hint = _context.Nearest(item.Text, names) is { } nearest ? $". Did you mean '{nearest}'?" : "";
                item.Report($"must be one of {string.Join(", ", names)}, not {Quote(item.Text)}{hint}");
            }
            else if (!found.Contains(value))
                found.Add(value);
        }
        return found.ToArray();
    }

    /// <summary>A list of mappings, each read as <see cref="Section{T}(string, Func{YamlSection, T})"/> reads one.</summary>
    public IReadOnlyList<T> Sections<T>(string key, Func<YamlSection, T> read)
    {
        Tell(key, new SectionsForm(typeof(T)));
        switch (Find(key))
        {
            case null or YamlText { IsNull: true }:
                return [];
            case YamlList list:
                return
                [
                    .. list.Items.Select((item, i) => Read(
                        _context, $"{KeyPath(key)}[{i}]", Below(Below(_form, key), AnyItem), item, item, read)),
                ];
            case var other:
                _context.Report(other, KeyPath(key), $"must be a list of mappings such as - {{ key: value }}, not {KindOf(other)}");
                return [];
        }
    }

    /// <summary>As <see cref="Reference"/>, for a list of names.</summary>
    public IReadOnlyList<T> References<T>(string key, string kind, IReadOnlyList<T> known, Func<T, string> nameOf) where T : class
    {
        Tell(key, new ListForm(new NameForm(kind)));
        var found = new List<T>();
        var isFound = new HashSet<T>(ReferenceEqualityComparer.Instance);
        foreach (var item in Items(key))
        {
            if (Known(item, kind, known, nameOf) is not { } reference)
                continue;
            if (isFound.Add(reference))
                found.Add(reference);
            else
                item.Report($"the {kind} '{item.Text}' is in this list twice");
        }
        return found;
    }
}
