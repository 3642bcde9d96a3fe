using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Archives;

/// <summary>How the data of an archive are compressed. The numbers are those of the format, from version 1.15 on.</summary>
enum ArchiveCompression : byte
{
    None = 0,
    Gzip = 1,
    Lz4 = 2,
    Zstd = 3,
}

/// <summary>
/// What an archive of pg_dump's custom format begins with: its head and table of contents. Kept as it was read, byte for
/// byte, but for what <see cref="With"/> and <see cref="PlaceData"/> change, and for <see cref="InternalOptions"/>, which are blanked.
/// </summary>
/// <remarks>
/// The format is PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c and pg_backup_custom.c. Versions 1.14 (pg_dump 12 to 15),
/// 1.15 (16) and 1.16 (17 and later) are known.
/// </remarks>
sealed partial class ArchiveHead
{
    const int OldestVersion = 14;
    const int NewestVersion = 16;
    const byte CustomFormat = 1;
    const byte IntegerSize = 4;
    const byte OffsetSize = 8;
    const int VersionWithMethods = 15;
    const int VersionWithRelationKind = 16;

    const string EncodingKind = "ENCODING";
    const string ExtensionKind = "EXTENSION";
    const string StandardStringsKind = "STDSTRINGS";
    const string SequenceKind = "SEQUENCE SET";

    /// <summary>Kinds of entries behind whose definition options of columns are set.</summary>
    static readonly HashSet<string> WithColumns = ["TABLE", "FOREIGN TABLE", "MATERIALIZED VIEW", "VIEW"];

    /// <summary>As the first byte of an entry's place: where its data are is known.</summary>
    const byte PlaceKnown = 2;

    readonly byte[] _bytes;
    readonly int _version;
    readonly int _compressionAt;
    readonly Dictionary<int, int> _placesAt;
    readonly HashSet<(string Kind, string Key)> _known;

    ArchiveHead(
        byte[] bytes,
        int version,
        int compressionAt,
        ArchiveCompression compression,
        IReadOnlyList<ArchiveEntry> entries,
        Dictionary<int, int> placesAt)
    {
        (_bytes, _version, _compressionAt, Compression, Entries, _placesAt) =
            (bytes, version, compressionAt, compression, entries, placesAt);
        ByDumpId = entries.ToDictionary(e => e.DumpId);
        _known = [.. entries.Select(e => (e.Kind, e.Key))];
    }

    public ArchiveCompression Compression { get; }
    public IReadOnlyList<ArchiveEntry> Entries { get; }
    public IReadOnlyDictionary<int, ArchiveEntry> ByDumpId { get; }
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Whether what was read holds <see cref="InternalOptions"/>, which <see cref="Bytes"/> does not.</summary>
    public bool HadInternalOptions { get; private init; }

    /// <summary>The encoding of its data, by PostgreSQL's name for it.</summary>
    public string Encoding =>
        Entries.FirstOrDefault(e => e.Kind == EncodingKind)?.Definition.Split('\'') is [_, var name, _] ? name : "UTF8";

    /// <summary>The same content with its sequences as a restore sets them.</summary>
    public DatabaseFingerprint SequencesInto(DatabaseFingerprint content)
    {
        var sequences = new Dictionary<string, SequenceFingerprint>(content.Sequences);
        foreach (var (key, value, isCalled) in Sequences)
        {
            if (sequences.ContainsKey(key))
                sequences[key] = new SequenceFingerprint(value, isCalled);
        }
        return content with { Sequences = sequences };
    }

    IEnumerable<(string Key, long Value, bool IsCalled)> Sequences =>
        from entry in Entries
        where entry.Kind == SequenceKind
        let set = Setval().Match(entry.Definition)
        where set.Success
        select (entry.Key, long.Parse(set.Groups[1].Value, CultureInfo.InvariantCulture), set.Groups[2].Value == "true");

    [GeneratedRegex(@", (-?[0-9]+), (true|false)\);\s*$")]
    private static partial Regex Setval();

    /// <param name="key">As fingerprints name tables.</param>
    public bool Has(string kind, string key) => _known.Contains((kind, key));

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.BackupInvalid"/>: it is none, is damaged, or newer than what is known.
    /// </exception>
    public static ArchiveHead Read(ArchiveInput input, bool withDrops = false)
    {
        input.Keep();
        foreach (var expected in "PGDMP"u8)
        {
            if (input.Byte() != expected)
            {
                throw new BackupSyncException(ErrorIds.BackupInvalid,
                    "The archive is of another format: a custom-format archive of pg_dump begins with PGDMP.", "Use another backup.");
            }
        }
        var (major, version, _) = (input.Byte(), input.Byte(), input.Byte());
        if (major != 1 || version is < OldestVersion or > NewestVersion)
        {
            throw new BackupSyncException(ErrorIds.BackupInvalid,
                $"The archive has version {major}.{version} of pg_dump's format; known are 1.{OldestVersion} to 1.{NewestVersion} "
                    + "(pg_dump 12 to 18).", "Update BackupSync, or use another backup.");
        }
        // Whatever machine pg_dump runs on: C's int, and an offset of 64 bits.
        if (input.Byte() != IntegerSize || input.Byte() != OffsetSize || input.Byte() != CustomFormat)
            throw input.Damaged("it is not of the custom format");

        var compressionAt = (int)input.Position;
        var compression = version >= VersionWithMethods
            ? (ArchiveCompression)input.Byte()
            : input.Integer() == 0 ? ArchiveCompression.None : ArchiveCompression.Gzip;
        if (!Enum.IsDefined(compression))
            throw input.Damaged("its compression is unknown");
        for (var i = 0; i < 7; i++) // when it was made: seconds to years, and whether summer time was on
            input.Integer();
        for (var i = 0; i < 3; i++) // the database's name, the server's version, pg_dump's version
            input.Text();

        var count = input.Integer();
        var entries = new List<ArchiveEntry>();
        var places = new Dictionary<int, int>();
        var withOptions = new List<Range>();
        for (var i = 0; i < count; i++)
        {
            var (entry, definition) = ReadEntry(input, version, withDrops);
            entries.Add(entry);
            if (definition is { } found)
                withOptions.Add(found);
            if (!places.TryAdd(entry.DumpId, (int)input.Position))
                throw input.Damaged("two entries have one number");
            for (var b = 0; b < 1 + OffsetSize; b++)
                input.Byte();
        }
        var bytes = input.TakeKept();
        var standardStrings =
            entries.FirstOrDefault(e => e.Kind == StandardStringsKind)?.Definition.Contains("'on'", StringComparison.Ordinal) ?? true;
        var had = false;
        foreach (var definition in withOptions)
            had |= InternalOptions.Blank(bytes.AsSpan(definition), standardStrings);
        return new ArchiveHead(bytes, version, compressionAt, compression, entries, places) { HadInternalOptions = had };
    }

    /// <summary>The same with data compressed in another way.</summary>
    public ArchiveHead With(ArchiveCompression compression)
    {
        var bytes = _bytes.ToArray();
        if (_version >= VersionWithMethods)
            bytes[_compressionAt] = (byte)compression;
        else
            // The level; which one is of no matter to who reads.
            bytes[_compressionAt + 1] = compression == ArchiveCompression.None ? (byte)0 : (byte)1;
        return new ArchiveHead(bytes, _version, _compressionAt, compression, Entries, _placesAt)
        {
            HadInternalOptions = HadInternalOptions,
        };
    }

    /// <summary>Notes where an entry's data begin: with that, pg_restore can read several tables at once.</summary>
    public void PlaceData(int dumpId, long position)
    {
        var at = _placesAt[dumpId];
        _bytes[at] = PlaceKnown;
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(at + 1), position);
    }

    /// <returns>The entry, and where its definition is, if that may hold what is to be blanked.</returns>
    static (ArchiveEntry, Range?) ReadEntry(ArchiveInput input, int version, bool withDrops)
    {
        var dumpId = input.Integer();
        var hasData = input.Integer() != 0;
        input.Text(); // the catalog's oid
        input.Text(); // the object's
        var tag = Decoded(input.Text());
        var kind = Decoded(input.Text());
        input.Integer(); // section
        var definition = input.Text();
        var definitionEnd = (int)input.Position;
        var drop = input.Text();
        var copy = Decoded(input.Text());
        var schema = Decoded(input.Text());
        input.Text(); // tablespace
        input.Text(); // access method
        if (version >= VersionWithRelationKind)
            input.Integer();
        input.Text(); // owner
        input.Text(); // formerly whether it has oids
        var needs = new List<int>();
        while (input.Text() is { } other)
            needs.Add(int.TryParse(other, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                ? id
                : throw input.Damaged("an entry depends on what is no number"));
        // Other definitions are pg_restore's business, and there can be many.
        var entry = new ArchiveEntry(dumpId, hasData, kind, schema, tag, copy)
        {
            DependsOn = needs, DropStatement = withDrops ? Decoded(drop) : "",
        };
        if (kind is EncodingKind or StandardStringsKind or ExtensionKind or SequenceKind || entry.IsOfPublication)
            entry = entry with { Definition = Decoded(definition) };
        return (entry, definition is not null && WithColumns.Contains(kind) && InternalOptions.MayBeIn(definition)
            ? (definitionEnd - definition.Length)..definitionEnd
            : null);
    }

    static string Decoded(byte[]? text) => text is null ? "" : System.Text.Encoding.UTF8.GetString(text);
}

/// <param name="Kind">Such as <c>TABLE DATA</c>.</param>
/// <param name="CopyStatement">How its data are loaded; empty where it has none.</param>
sealed record ArchiveEntry(int DumpId, bool HasData, string Kind, string Schema, string Name, string CopyStatement)
{
    /// <summary>The numbers of the entries that have to be restored before it.</summary>
    public IReadOnlyList<int> DependsOn { get; init; } = [];

    /// <summary>Whether it makes a publication, says what is in it, or comments on it.</summary>
    public bool IsOfPublication =>
        Kind.StartsWith("PUBLICATION", StringComparison.Ordinal)
            || (Kind == "COMMENT" && Name.StartsWith("PUBLICATION ", StringComparison.Ordinal));

    /// <summary>
    /// How it is created; kept of extensions, of publications, of where sequences stand, and of what the archive says of its encoding
    /// and its literals.
    /// </summary>
    public string Definition { get; init; } = "";

    /// <summary>How it is dropped; empty where that was not asked for, and of what goes with something else.</summary>
    public string DropStatement { get; init; } = "";

    /// <summary>Whether its data are a table's rows.</summary>
    public bool IsTableData => Kind == "TABLE DATA";

    /// <summary>As fingerprints name tables.</summary>
    public string Key => FullName.Display;

    public ObjectName FullName => new(Schema, Name);
}
