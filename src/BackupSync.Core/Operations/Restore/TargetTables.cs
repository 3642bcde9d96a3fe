using System.Globalization;
using BackupSync.Archives;
using BackupSync.Postgres;

namespace BackupSync.Operations.Restore;

/// <summary>The chosen tables as the target has them.</summary>
/// <param name="Emptied">
/// The tables whose rows are replaced; with partitions that only the target has: a partitioned table is to hold what it held
/// then, and no more.
/// </param>
/// <param name="OnlyHere">Such partitions, to be told.</param>
/// <param name="Oids">Of all of them, their partitioned parents included.</param>
/// <param name="LoadedThrough">Of the tables that some partitions are loaded through without these being chosen.</param>
sealed record TargetTables(
    IReadOnlyList<ObjectName> Emptied,
    IReadOnlyList<ObjectName> OnlyHere,
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
        var copies = selection.Data.ToDictionary(d => d.FullName, CopyTarget.Of);
        var names = copies.Keys.Concat(copies.Values.Select(c => c.Table)).Concat(selection.Parents.Keys).Distinct().ToList();
        var relations = (await target.RowsAsync(Relations(names), cancellationToken)).GroupBy(r => r.Name(0))
            .ToDictionary(g => g.Key, g => Relation.Of([.. g]));

        foreach (var (name, copy) in copies)
        {
            var table = Find(name, 'r');
            foreach (var column in copy.Columns)
            {
                if (!table.Columns.TryGetValue(column, out var generated))
                    throw Unfit(
                        $"{label}: {name} has no column {Sql.Display(column)}, which the backup's rows have.",
                        "Add the column, or restore the whole backup into another database and copy from there.");
                if (generated)
                    throw Unfit(
                        $"{label}: the column {Sql.Display(column)} of {name} is a generated one, and in the backup it is not.",
                        "Restore the whole backup into another database and copy from there.");
            }
        }
        var through = copies.Where(c => c.Key != c.Value.Table).Select(c => Find(c.Value.Table, 'p')).ToList();
        var parents = selection.Parents.Keys.Select(name => Find(name, 'p')).ToList();
        var filled = copies.Keys.Select(name => relations[name]).ToList();
        var partitions = new Dictionary<ObjectName, uint>();
        foreach (var parent in parents)
        {
            var here = (await target.RowsAsync(Partitions(parent.Oid), cancellationToken)).Select(
                r => (Name: r.Name(1), Oid: r.Oid(0), Kind: r.Text(3))).ToList();
            if (here.Where(p => p.Kind == "f").Select(p => p.Name).ToList() is [var foreign, ..])
                throw Unfit(
                    $"{label}: {foreign}, a partition of {parent.Name}, is a foreign table: it cannot be replaced.",
                    "Name the partitions that are to be restored.");
            if (selection.Parents[parent.Name].Except(here.Select(p => p.Name)).ToList() is [var elsewhere, ..])
                throw Unfit(
                    $"{label}: {elsewhere} is no partition of {parent.Name}, as it is in the backup.",
                    "Attach it, or name the partitions that are to be restored.");
            foreach (var partition in here)
                partitions[partition.Name] = partition.Oid;
        }
        var onlyHere = partitions.Where(p => !copies.ContainsKey(p.Key)).ToList();
        return new TargetTables([.. copies.Keys.Concat(onlyHere.Select(p => p.Key))], [.. onlyHere.Select(p => p.Key)],
            [.. filled.Concat(parents).Select(t => t.Oid), .. onlyHere.Select(p => p.Value)], [.. through.Select(t => t.Oid).Distinct()]);

        Relation Find(ObjectName name, char kind)
        {
            if (!relations.TryGetValue(name, out var found))
            {
                throw Unfit($"{label} has no table {name}.",
                    $"One that was dropped is created first: restore the whole backup beside, into a new database by {Spelling.TargetUrl}, take "
                        + $"the table's definition from there (pg_dump --schema-only --table='{name}' … | psql …), and restore its rows by "
                        + $"{Spelling.Table} then. docs/restore-runbook.md has the commands.");
            }
            if (found.Kind != kind)
                throw Unfit($"{label}: {name} is "
                    + $"{(kind == 'p' ? "not partitioned, as it is in the backup" : "no ordinary table, as it is in the backup")}.",
                    "Restore the whole backup into another database and copy from there.");
            if (!found.IsOwned)
                throw new BackupSyncException(
                    ErrorIds.PrivilegeMissing,
                    $"{label}: the role '{target.Login.Address.User}' does not own {name}, and so may not replace its rows.",
                    $"ALTER TABLE {name.Qualified} OWNER TO {Sql.Identifier(target.Login.Address.User)}; or restore as its owner.");
            if (found.HidesRows)
                throw new BackupSyncException(
                    ErrorIds.PrivilegeMissing,
                    $"{label}: row-level security is forced on {name}, on its owner too: its rows can neither be loaded nor verified.",
                    $"ALTER ROLE {Sql.Identifier(target.Login.Address.User)} BYPASSRLS;");
            return found;
        }
    }

    static BackupSyncException Unfit(string message, string advice) => new(ErrorIds.NotSupported, message, advice);

    /// <param name="Kind">As pg_class has it.</param>
    /// <param name="Columns">By name, whether each is generated.</param>
    sealed record Relation(ObjectName Name, uint Oid, char Kind, bool IsOwned, bool HidesRows, IReadOnlyDictionary<string, bool> Columns)
    {
        /// <param name="rows">One for each column.</param>
        public static Relation Of(IReadOnlyList<Row> rows) => new(
            rows[0].Name(0), rows[0].Oid(2), rows[0].Text(3)[0], rows[0].Flag(4), rows[0].Flag(5),
            rows.Where(r => r.TextOrNull(6) is not null).ToDictionary(r => r.Text(6), r => r.Flag(7)));
    }

    static string Relations(IReadOnlyList<ObjectName> names)
    {
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
