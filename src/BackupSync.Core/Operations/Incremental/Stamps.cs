using System.Globalization;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>Conditions on columns that say when a row was last written.</summary>
static class Stamps
{
    /// <summary>Whether a row may have been stamped since; one without a stamp may always have been.</summary>
    public static string MayBeSince(TableColumn stamp, DateTimeOffset since)
    {
        var column = Sql.Identifier(stamp.Name);
        return $"{column} >= {Moment(stamp, since)}{(stamp.IsNotNull ? "" : $" OR {column} IS NULL")}";
    }

    /// <summary>Of two stamps; none is older than any.</summary>
    public static string IsNewer(string stamp, string other) => $"({stamp} > {other} OR {other} IS NULL AND {stamp} IS NOT NULL)";

    static string Moment(TableColumn stamp, DateTimeOffset at)
    {
        var moment = at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        return $"{Sql.Literal(moment + (stamp.Type == "timestamptz" ? "+00" : ""))}::{stamp.Type}";
    }
}
