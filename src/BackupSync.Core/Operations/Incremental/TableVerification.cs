using BackupSync.Comparison;
using BackupSync.Postgres;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>Compares what a table holds now, still out of sight, with what the source was found to hold.</summary>
sealed class TableVerification(KeyedTable table, FingerprintMethod method, PgSession target)
{
    /// <summary>Compares the content of all rows.</summary>
    /// <returns>How many rows there are.</returns>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.VerificationFailed"/>: they differ.</exception>
    public async Task<long> CompareAsync(TableFingerprint source, CancellationToken cancellationToken)
    {
        var now = await FingerprintReader.ReadTableAsync(target, table.Table, method, cancellationToken);
        if (now.Rows != source.Rows)
            throw Differs(source.Rows, now.Rows);
        return now.Hash == source.Hash ? now.Rows
            : throw Differs(target, table.Name, $"the content of its {Quantity.Of(now.Rows, "row")} differs");
    }

    /// <summary>Counts the rows, and looks again at the buckets of keys that differed before.</summary>
    /// <param name="comparison">Null where none was made.</param>
    /// <param name="rows">Of the source.</param>
    /// <param name="more">As for <see cref="TableComparison.LookAgainAsync"/>.</param>
    /// <returns>How many rows there are.</returns>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.VerificationFailed"/>: they differ.</exception>
    public async Task<long> LookAgainAsync(TableComparison? comparison, long rows, long? more, CancellationToken cancellationToken)
    {
        var (isResolved, now) = comparison is null
            ? (true, await target.ScalarAsync<long>($"SELECT count(*) FROM {table.Table.Rows}", cancellationToken))
            : await comparison.LookAgainAsync(target, more, cancellationToken);
        if (now != rows)
            throw Differs(rows, now);
        return isResolved ? now : throw Differs(target, table.Name, "rows with the keys of those that were written hold something else");
    }

    BackupSyncException Differs(long expected, long found) =>
        Differs(target, table.Name, $"{Quantity.Of(expected, "row")} expected, {Quantity.Number(found)} found");

    public static BackupSyncException Differs(PgSession target, string table, string how) => new(
        ErrorIds.VerificationFailed, $"{target.Login.Label}: {table} would not hold what the source holds: {how}.",
        "Something on the target changes what is written (a generated column, a function that depends on the server). "
            + $"{Spelling.Compare} tells which rows differ.");
}
