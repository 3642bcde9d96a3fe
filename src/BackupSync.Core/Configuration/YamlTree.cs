using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace BackupSync.Configuration;

/// <summary>A value of a YAML document, with where it stands. Lines and columns are 1-based.</summary>
abstract record YamlValue(int Line, int Column);

/// <param name="IsNull">Nothing at all, <c>~</c> or <c>null</c>.</param>
sealed record YamlText(string Text, bool IsNull, int Line, int Column) : YamlValue(Line, Column);

sealed record YamlList(IReadOnlyList<YamlValue> Items, int Line, int Column) : YamlValue(Line, Column);

/// <param name="Entries">In the file's order, keys that are there twice included.</param>
sealed record YamlMap(IReadOnlyList<(YamlText Key, YamlValue Value)> Entries, int Line, int Column) : YamlValue(Line, Column);

/// <summary>Reads one YAML document.</summary>
/// <remarks>YamlDotNet's own tree stops at the first key that is there twice; a configuration's problems are told all at once.</remarks>
sealed class YamlTree
{
    /// <summary>A configuration has five levels; a file that has many more is something else, or hostile.</summary>
    const int DeepestLevel = 50;

    readonly Parser _parser;
    readonly Dictionary<AnchorName, YamlValue> _anchors = [];

    YamlTree(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>The document; null where there is nothing but comments.</summary>
    /// <exception cref="YamlException">It is not YAML, or not of the kind a configuration can be.</exception>
    public static YamlValue? Read(string text)
    {
        var tree = new YamlTree(text);
        try
        {
            return tree.ReadDocument();
        }
        catch (InvalidOperationException e)
        {
            // What the parser makes of some brackets that do not match.
            var mark = tree._parser.Current?.End ?? Mark.Empty;
            throw new YamlException(mark, mark, "brackets or indentation do not match near here", e);
        }
    }

    YamlValue? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
            return null;
        _parser.Consume<DocumentStart>();
        var root = ReadValue(level: 0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.Accept<StreamEnd>(out _))
            throw new YamlException(_parser.Current!.Start, _parser.Current.End, "there is a second document ('---'); only one is read");
        return root is YamlText { IsNull: true } ? null : root;
    }

    YamlValue ReadValue(int level)
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias))
            return _anchors.TryGetValue(alias.Value, out var known) ? known
                : throw new YamlException(alias.Start, alias.End, $"there is no anchor '&{alias.Value}' before this");

        var start = _parser.Accept<NodeEvent>(out var node)
            ? node
            : throw new YamlException(_parser.Current!.Start, _parser.Current.End, "a value is missing");
        if (level > DeepestLevel)
            throw new YamlException(start.Start, start.End, "this is nested too deeply");
        YamlValue value = start switch
        {
            Scalar => ReadText(),
            SequenceStart => ReadList(level),
            _ => ReadMap(level),
        };
        if (!start.Anchor.IsEmpty)
            _anchors[start.Anchor] = value;
        return value;
    }

    YamlText ReadText()
    {
        var scalar = _parser.Consume<Scalar>();
        var isNull = scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL";
        return new YamlText(scalar.Value, isNull, (int)scalar.Start.Line, (int)scalar.Start.Column);
    }

    YamlList ReadList(int level)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = new List<YamlValue>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(ReadValue(level + 1));
        return new YamlList(items, (int)start.Start.Line, (int)start.Start.Column);
    }

    YamlMap ReadMap(int level)
    {
        var start = _parser.Consume<MappingStart>();
        var entries = new List<(YamlText, YamlValue)>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var mark = _parser.Current!;
            if (ReadValue(level + 1) is not YamlText key)
                throw new YamlException(mark.Start, mark.End, "a key is a single word, not a list or a mapping");
            entries.Add((key, ReadValue(level + 1)));
        }
        return new YamlMap(entries, (int)start.Start.Line, (int)start.Start.Column);
    }
}
