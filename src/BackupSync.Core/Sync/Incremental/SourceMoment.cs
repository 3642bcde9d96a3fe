using System.Globalization;
using BackupSync.Postgres;

namespace BackupSync.Sync.Incremental;

/// <summary>Which source it is, and where it stands at the moment of a snapshot.</summary>
/// <param name="Source">Its address and the database's oid there, which a database that takes another's place does not have.</param>
/// <param name="NextTransaction">The first transaction that had not begun.</param>
/// <param name="Writers">Whose rows are still to come.</param>
sealed record SourceMoment(string Source, ulong NextTransaction, OpenTransactions Writers)
{
    /// <summary>Where no row tells what a stamp without a time zone looks like here: no clock on earth is further from UTC.</summary>
    static readonly TimeSpan AnyTimeZone = TimeSpan.FromHours(26);

    public static async Task<SourceMoment> ReadAsync(PgSession source, OpenTransactions writers, CancellationToken cancellationToken)
    {
        var row = (await source.RowsAsync(
            "SELECT (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()), pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())", cancellationToken))[0];
        var address = source.Login.Address;
        return new SourceMoment($"{address.Host}:{address.Port}/{address.Database} {row[0]}", ulong.Parse(row[1]!, CultureInfo.InvariantCulture), writers);
    }

    /// <summary>By table, from when on rows may be stamped that this snapshot does not show.</summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> WatermarksAsync(IReadOnlyList<TableSync> tables, SourceLane lane, CancellationToken cancellationToken)
    {
        var marks = new Dictionary<string, DateTimeOffset>();
        foreach (var table in tables)
            marks[table.Table.Name] = table.Tracking.Stamp!.Type == "timestamptz" ? Writers.Oldest : await LocalAsync(table);
        return marks;

        // A clock without a time zone may be hours behind this one; it is not ahead of the last stamp that it gave, but for the
        // hour by which it is set back in autumn. A stamp that no clock on earth can have given yet tells nothing.
        async Task<DateTimeOffset> LocalAsync(TableSync table)
        {
            var column = Sql.Identifier(table.Tracking.Stamp!.Name);
            var last = (await lane.Session.RowsAsync(
                $"SELECT pg_catalog.to_char(max({column}), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM {table.Table.Table.Rows} WHERE {column} < {StagedTable.Moment(table.Tracking.Stamp, Writers.Time + AnyTimeZone)} AND {column} > '-infinity'",
                cancellationToken))[0][0];
            await lane.PassAsync(cancellationToken);
            return DateTimeOffset.TryParse(last, CultureInfo.InvariantCulture, out var stamp)
                ? new[] { stamp - (Writers.Time - Writers.Oldest) - TimeSpan.FromHours(1), Writers.Oldest }.Min()
                : Writers.Oldest - AnyTimeZone;
        }
    }
}
