using System.Globalization;
using BackupSync.Postgres;

namespace BackupSync.PgTools;

/// <summary>The table of contents of an archive, as <c>pg_restore --list</c> prints it.</summary>
/// <remarks>
/// A line is <c>215; 1259 16385 TABLE public users owner</c>: dump id; catalog and object oid; kind, schema, name, owner.
/// </remarks>
sealed class ArchiveListing
{
    // Kinds of more than one word that have to be told from shorter ones that begin them. The rest are found by the first word.
    static readonly string[] Kinds =
    [
        "MATERIALIZED VIEW DATA", "TABLE DATA", "TABLE ATTACH", "INDEX ATTACH", "SEQUENCE SET", "SEQUENCE OWNED BY", "MATERIALIZED VIEW",
        "EVENT TRIGGER", "DEFAULT ACL", "BLOB METADATA", "BLOBS", "BLOB", "SCHEMA", "EXTENSION", "COMMENT", "TABLE",
    ];

    // The owner's name is the last word, unless it holds blanks itself.
    readonly Dictionary<(string Kind, string SchemaAndName), Entry> _known = [];

    ArchiveListing(IReadOnlyList<Entry> entries)
    {
        Entries = entries;
        foreach (var entry in entries)
            _known[(entry.Kind, entry.Rest[..Math.Max(0, entry.Rest.LastIndexOf(' '))])] = entry;
    }

    public IReadOnlyList<Entry> Entries { get; }

    public Entry? Find(string kind, ObjectName name) =>
        _known.GetValueOrDefault((kind, $"{OneLine(name.Schema)} {OneLine(name.Name)}"))
            ?? Entries.FirstOrDefault(e => e.Is(kind, name));

    /// <param name="number">With what its line begins.</param>
    /// <returns>Its kind, schema and name.</returns>
    public string? NameOf(string? number) =>
        number is not null && Entries.FirstOrDefault(e => e.Line.StartsWith(number, StringComparison.Ordinal)) is { } entry
            ? $"{entry.Kind} {entry.Rest[..Math.Max(0, entry.Rest.LastIndexOf(' '))]}" : null;

    /// <param name="Line">As printed; what a list file for <c>pg_restore --use-list</c> is made of.</param>
    /// <param name="Rest">Schema (<c>-</c> where there is none), name and owner, which only blanks divide.</param>
    public sealed record Entry(string Line, string Kind, string Rest)
    {
        /// <summary>Whether the entry is of this object. Names may hold blanks, so the owner is what must follow.</summary>
        public bool Is(string kind, string schema, string name) =>
            Kind == kind && Rest.StartsWith($"{OneLine(schema)} {OneLine(name)} ", StringComparison.Ordinal);

        public bool Is(string kind, ObjectName name) => Is(kind, name.Schema, name.Name);
    }

    // pg_restore prints line breaks in names as blanks.
    static string OneLine(string name) => name.Replace('\n', ' ').Replace('\r', ' ');

    public static ArchiveListing Parse(string output)
    {
        var entries = new List<Entry>();
        foreach (var line in output.Split('\n'))
        {
            var text = line.TrimEnd('\r');
            var words = text.Split(' ', 4);
            if (words.Length < 4 || !words[0].EndsWith(';') || !int.TryParse(words[0][..^1], CultureInfo.InvariantCulture, out _))
                continue;
            var what = words[3];
            var kind = Kinds.FirstOrDefault(k => what.StartsWith(k + " ", StringComparison.Ordinal)) ?? what.Split(' ', 2)[0];
            entries.Add(new Entry(text, kind, what[Math.Min(kind.Length + 1, what.Length)..]));
        }
        return new ArchiveListing(entries);
    }
}
