using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using BackupSync.Verification;
using Npgsql;

namespace BackupSync.Operations.Publishing;

/// <summary>Something that is said of an object beside its definition, which an older server may not know.</summary>
/// <param name="Kind">TABLE, INDEX, VIEW or FUNCTION.</param>
/// <param name="Method">An index's.</param>
/// <param name="Option">As <c>name=value</c>.</param>
/// <param name="Example">An object that has it.</param>
sealed record NamedOption(string Kind, string? Method, string Option, string Example)
{
    /// <summary>A column that an index of that method can be on.</summary>
    static readonly Dictionary<string, string> Columns = new()
    {
        ["btree"] = "int", ["hash"] = "int", ["brin"] = "int", ["gin"] = "int[]", ["gist"] = "point", ["spgist"] = "point",
    };

    string Name => Option[..Option.IndexOf('=', StringComparison.Ordinal)];

    string Value => Option[(Name.Length + 1)..];

    /// <summary>
    /// Has the target make something with each storage parameter of the source's tables, indexes and views, and with each setting of its
    /// functions, in a transaction that is rolled back: no catalog tells what a server knows.
    /// </summary>
    /// <exception cref="BackupSyncException">It does not know one: the restore would fail.</exception>
    public static async Task EnsureKnownAsync(SourceSide source, TargetSide target, CancellationToken cancellationToken)
    {
        var options = (await source.Session.RowsAsync(CatalogQueries.NamedOptions(source.Filter), cancellationToken))
            .Select(Of);
        // Of an extension's methods there is no column to be known.
        var tried = options.Where(o => o.Method is null || Columns.ContainsKey(o.Method)).ToList();
        await target.Session.ExecuteAsync("BEGIN READ WRITE", cancellationToken);
        var refused = await TriedStatements.RunAsync(
            [.. tried.Select((o, i) => (o.Trial(i), (string?)null))], target.Session, cancellationToken);
        await target.Session.ExecuteAsync("ROLLBACK", cancellationToken);
        var unknown = refused.Where(r => r.Code is PostgresErrorCodes.InvalidParameterValue or PostgresErrorCodes.UndefinedObject)
            .Select(r => tried[r.Number])
            .ToList();
        if (unknown.Count == 0)
            return;
        var some = NameList.Of([.. unknown.Select(o => $"{o.Name} of {o.Example}")]);
        throw new BackupSyncException(ErrorIds.NotSupported,
            $"{target.Login.Label} has PostgreSQL {target.Facts.Version}, which does not know {some}: the content could not be "
                + "restored there.",
            "Bring the target to the source's version; or take it off on the source (ALTER … RESET), or leave the object out (exclude).");
    }

    static NamedOption Of(Row row) => new(row.Text(0), row.TextOrNull(1), row.Text(2), row.Text(3));

    string Trial(int number)
    {
        var name = $"backupsync_option_{number}";
        var with = $"({Name} = {Sql.Literal(Value)})";
        return Kind switch
        {
            "FUNCTION" => $"CREATE FUNCTION pg_temp.{name}() RETURNS int LANGUAGE sql SET {Name} TO {Sql.Literal(Value)} AS 'SELECT 1'",
            "VIEW" => $"CREATE TEMPORARY VIEW {name} WITH {with} AS SELECT 1 AS i",
            "INDEX" => $"CREATE TEMPORARY TABLE {name} (i {Columns[Method!]}); CREATE INDEX ON pg_temp.{name} USING {Method} (i) "
                + $"WITH {with}",
            _ => $"CREATE TEMPORARY TABLE {name} (i text) WITH {with}",
        };
    }
}
