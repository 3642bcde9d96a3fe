using System.Globalization;
using BackupSync.Archives;
using BackupSync.Postgres;

namespace BackupSync.Operations.Restore;

/// <summary>The chosen tables as the target has them.</summary>
/// <param name="Emptied">
/// The tables whose rows are replaced, quoted; with partitions that only the target has: a partitioned table is to hold what it held
/// then, and no more.
/// </param>
/// <param name="OnlyHere">Such partitions, to be told.</param>
/// <param name="Oids">Of all of them, their partitioned parents included.</param>
/// <param name="LoadedThrough">Of the tables that some partitions are loaded through without these being chosen.</param>
sealed record TargetTables(
    IReadOnlyList<string> Emptied,
    IReadOnlyList<string> OnlyHere,
    IReadOnlyList<uint> Oids,
    IReadOnlyList<uint> LoadedThrough)
{
    /// <summary>Finds them, and whatever would keep the rows from being loaded as they were.</summary>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.NotSupported"/>: the target lacks a table or column, or has it in another way.
    /// <see cref="ErrorIds.PrivilegeMissing"/>: the role does not own a table, or row security stands in its way.
    /// </exception>
    public static async Task<TargetTables> FindAsync(PgSession target, TableSelection selection, CancellationToken cancellationToken)
    {
        var label = target.Login.Label;
        var copies = selection.Data.ToDictionary(d => d.Key, CopyTarget.Of);
        var names = copies.Keys.Concat(copies.Values.Select(c => c.Key)).Concat(selection.Parents.Keys).Distinct().ToList();
        var relations = (await target.RowsAsync(Relations(names), cancellationToken)).GroupBy(r => Sql.Display(r[0]!, r[1]!))
            .ToDictionary(g => g.Key, g => Relation.From(g.Key, [.. g]));

        foreach (var (key, copy) in copies)
        {
            var table = Find(key, 'r');
            foreach (var column in copy.Columns)
            {
                if (!table.Columns.TryGetValue(column, out var generated))
                    throw Unfit(
                        $"{label}: {key} has no column {Sql.Display(column)}, which the backup's rows have.",
                        "Add the column, or restore the whole backup into another database and copy from there.");
                if (generated)
                    throw Unfit(
                        $"{label}: the column {Sql.Display(column)} of {key} is a generated one, and in the backup it is not.",
                        "Restore the whole backup into another database and copy from there.");
            }
        }
        var through = copies.Where(c => c.Key != c.Value.Key).Select(c => Find(c.Value.Key, 'p')).ToList();
        var parents = selection.Parents.Keys.Select(key => Find(key, 'p')).ToList();
        var filled = copies.Keys.Select(key => relations[key]).ToList();
        var partitions = new Dictionary<string, uint>();
        foreach (var parent in parents)
        {
            var here = (await target.RowsAsync(Partitions(parent.Oid), cancellationToken)).Select(
                r => (Key: Sql.Display(r[1]!, r[2]!), Oid: Oid(r[0]!), Kind: r[3])).ToList();
            if (here.FirstOrDefault(p => p.Kind == "f").Key is { } foreign)
                throw Unfit(
                    $"{label}: {foreign}, a partition of {parent.Key}, is a foreign table: it cannot be replaced.",
                    "Name the partitions that are to be restored.");
            if (selection.Parents[parent.Key].Except(here.Select(p => p.Key)).FirstOrDefault() is { } elsewhere)
                throw Unfit(
                    $"{label}: {elsewhere} is no partition of {parent.Key}, as it is in the backup.",
                    "Attach it, or name the partitions that are to be restored.");
            foreach (var partition in here)
                partitions[partition.Key] = partition.Oid;
        }
        var onlyHere = partitions.Where(p => !copies.ContainsKey(p.Key)).ToList();
        return new TargetTables([.. copies.Keys.Concat(onlyHere.Select(p => p.Key)).Select(Quoted)], [.. onlyHere.Select(p => p.Key)],
            [.. filled.Concat(parents).Select(t => t.Oid), .. onlyHere.Select(p => p.Value)], [.. through.Select(t => t.Oid).Distinct()]);

        Relation Find(string key, char kind)
        {
            if (!relations.TryGetValue(key, out var found))
            {
                throw Unfit($"{label} has no table {key}.",
                    "Create it as it was when the backup was taken, or restore the whole backup: without -Table (--table).");
            }
            if (found.Kind != kind)
                throw Unfit($"{label}: {key} is "
                    + $"{(kind == 'p' ? "not partitioned, as it is in the backup" : "no ordinary table, as it is in the backup")}.",
                    "Restore the whole backup into another database and copy from there.");
            if (!found.IsOwned)
                throw new BackupSyncException(
                    ErrorIds.PrivilegeMissing,
                    $"{label}: the role '{target.Login.Address.User}' does not own {key}, and so may not replace its rows.",
                    $"ALTER TABLE {Quoted(key)} OWNER TO {Sql.Identifier(target.Login.Address.User)}; or restore as its owner.");
            if (found.HidesRows)
                throw new BackupSyncException(
                    ErrorIds.PrivilegeMissing,
                    $"{label}: row-level security is forced on {key}, on its owner too: its rows can neither be loaded nor verified.",
                    $"ALTER ROLE {Sql.Identifier(target.Login.Address.User)} BYPASSRLS;");
            return found;
        }
    }

    public static string Quoted(string key)
    {
        var (schema, name) = Sql.Parts(key);
        return Sql.Qualified(schema, name);
    }

    static BackupSyncException Unfit(string message, string advice) => new(ErrorIds.NotSupported, message, advice);

    static uint Oid(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

    /// <param name="Kind">As pg_class has it.</param>
    /// <param name="Columns">By name, whether each is generated.</param>
    sealed record Relation(string Key, uint Oid, char Kind, bool IsOwned, bool HidesRows, IReadOnlyDictionary<string, bool> Columns)
    {
        public static Relation From(string key, IReadOnlyList<string?[]> rows) => new(
            key, TargetTables.Oid(rows[0][2]!), rows[0][3]![0], rows[0][4] == "t", rows[0][5] == "t",
            rows.Where(r => r[6] is not null).ToDictionary(r => r[6]!, r => r[7] == "t"));
    }

    static string Relations(IEnumerable<string> keys)
    {
        var names = keys.Select(Sql.Parts).ToList();
        return $"""
            SELECT n.nspname, c.relname, c.oid, c.relkind, pg_catalog.pg_has_role(c.relowner, 'USAGE'),
                pg_catalog.row_security_active(c.oid),
                   a.attname, a.attgenerated <> ''
            FROM unnest({Sql.TextArray(names.Select(n => n.Schema))}, {Sql.TextArray(names.Select(n => n.Name))}) w(schema, name)
            JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
            AND c.relname = w.name
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            """;
    }

    static string Partitions(uint parent) => $"""
        SELECT c.oid, n.nspname, c.relname, c.relkind FROM {TableTree.Of(parent.ToString(CultureInfo.InvariantCulture))} t
        JOIN pg_catalog.pg_class c ON c.oid = t.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 'p'
        """;
}
