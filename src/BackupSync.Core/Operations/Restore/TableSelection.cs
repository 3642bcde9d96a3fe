using BackupSync.Archives;
using BackupSync.Backups;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Restore;

/// <summary>The tables of a backup that were asked for.</summary>
/// <param name="Data">Those that hold rows of their own: the entries of their rows.</param>
/// <param name="Parents">
/// Partitioned tables of which all partitions are among them, with those that hold rows.
/// </param>
/// <param name="Content">What all of them hold, as fingerprints tell it: a table partitioned by hash stands for its partitions.</param>
sealed record TableSelection(
    IReadOnlyList<ArchiveEntry> Data,
    IReadOnlyDictionary<ObjectName, IReadOnlyList<ObjectName>> Parents,
    IReadOnlyDictionary<string, TableFingerprint> Content)
{
    /// <param name="patterns">
    /// Names of tables, with or without a schema; <c>*</c> and <c>?</c> stand for any characters and any one.
    /// </param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.UnknownName"/>: a pattern matches no table. <see cref="ErrorIds.NotSupported"/>: one cannot be restored by
    /// itself.
    /// </exception>
    public static TableSelection Of(ArchiveHead head, BackupManifest manifest, IReadOnlyList<string> patterns)
    {
        var tables = head.Entries.Where(e => e.Kind == "TABLE").ToDictionary(e => e.Key);
        EnsureKnown(patterns, tables.Values, manifest.File);
        var tree = new PartitionTree(head, tables);
        var chosen = tables.Values.Where(t => patterns.Any(p => Matches(t, p))).SelectMany(tree.WithPartitions).ToHashSet();

        bool IsPartitioned(ArchiveEntry table) => manifest.Fingerprint.Objects.ContainsKey($"partitioned table {table.Key}");
        var data = head.Entries.Where(e => e.IsTableData).ToDictionary(e => e.Key);
        var leaves = chosen.Where(t => !IsPartitioned(t)).ToList();
        if (leaves.FirstOrDefault(t => !data.ContainsKey(t.Key)) is { } empty)
        {
            throw new BackupSyncException(
                ErrorIds.NotSupported,
                $"{manifest.File} has the table {empty.Key}, but none of its rows: they were left out when it was taken.",
                "Leave the table out, or use another backup.");
        }
        if (leaves.Count == 0)
            throw new BackupSyncException(
                ErrorIds.UnknownName, "No table with rows of its own was named.", "Name the tables that are to be restored.");
        var units = leaves.ToLookup(t => UnitOf(t, tree, manifest));
        foreach (var unit in units)
        {
            if (tree.WithPartitions(tables[unit.Key]).Where(t => !IsPartitioned(t)).Except(leaves).Any())
            {
                throw new BackupSyncException(
                    ErrorIds.NotSupported,
                    $"{unit.First().Key} is a partition by hash: which rows belong into it is another matter on each server.",
                    $"Restore all of {unit.Key}.");
            }
        }
        // In the archive's order, which is another one than that of the tables: pg_restore cannot go back in what it reads from a pipe.
        var rows = leaves.Select(t => data[t.Key]).ToHashSet();
        return new TableSelection([.. head.Entries.Where(rows.Contains)],
            chosen.Where(IsPartitioned).ToDictionary(
                t => t.FullName,
                IReadOnlyList<ObjectName> (t) => [.. tree.WithPartitions(t).Where(p => !IsPartitioned(p)).Select(p => p.FullName)]),
            units.ToDictionary(u => u.Key, u => manifest.Fingerprint.Tables[u.Key]));
    }

    static string UnitOf(ArchiveEntry leaf, PartitionTree tree, BackupManifest manifest) =>
        tree.SelfAndAncestors(leaf).Select(t => t.Key).FirstOrDefault(manifest.Fingerprint.Tables.ContainsKey)
        ?? throw new BackupSyncException(
            ErrorIds.NotSupported,
            $"{manifest.File} does not tell how many rows {leaf.Key} has, so they could not be verified.",
            "Leave the table out, or restore the whole backup.");

    static void EnsureKnown(IReadOnlyList<string> patterns, IReadOnlyCollection<ArchiveEntry> tables, string file)
    {
        foreach (var pattern in patterns.Where(p => !tables.Any(t => Matches(t, p))))
        {
            AddressGivenException.RefuseAsTable(pattern);
            var nearest = NearestName.Of(pattern, tables.SelectMany(t => new[] { t.Name, t.FullName.Plain }));
            var some = tables.Select(t => t.Key).Order(StringComparer.Ordinal).Take(20);
            throw new BackupSyncException(ErrorIds.UnknownName, $"{file} has no table '{pattern}'.",
                nearest is not null
                    ? $"Did you mean '{nearest}'?"
                    : $"It has {string.Join(", ", some)}{(tables.Count > 20 ? ", …" : "")}.");
        }
    }

    static bool Matches(ArchiveEntry table, string pattern) =>
        table.FullName.Matches(pattern) || table.Key == pattern;

    /// <summary>Which table is a partition of which; pg_dump attaches them by entries of their own, from version 14 on.</summary>
    sealed class PartitionTree
    {
        readonly Dictionary<ArchiveEntry, ArchiveEntry> _parents = [];

        public PartitionTree(ArchiveHead head, Dictionary<string, ArchiveEntry> tables)
        {
            foreach (var attach in head.Entries.Where(e => e.Kind == "TABLE ATTACH"))
            {
                var parent = attach.DependsOn.Select(head.ByDumpId.GetValueOrDefault)
                    .FirstOrDefault(e => e?.Kind == "TABLE" && e.Key != attach.Key);
                if (parent is not null && tables.TryGetValue(attach.Key, out var partition))
                    _parents[partition] = parent;
            }
        }

        public IEnumerable<ArchiveEntry> SelfAndAncestors(ArchiveEntry table)
        {
            for (var at = table; at is not null; at = _parents.GetValueOrDefault(at))
                yield return at;
        }

        public IEnumerable<ArchiveEntry> WithPartitions(ArchiveEntry table) =>
            _parents.Where(p => p.Value == table).SelectMany(p => WithPartitions(p.Key)).Prepend(table);
    }
}
