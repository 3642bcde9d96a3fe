using System.Globalization;
using BackupSync.Comparison;
using BackupSync.Postgres;

namespace BackupSync.Operations.Incremental;

/// <summary>Brings the target's large objects to what they are on the source, under the same oids: rows name them by these.</summary>
static class LargeObjectSync
{
    /// <summary>In bytes: what of an object is in memory at a time.</summary>
    const long Piece = 4 << 20;

    /// <summary>INV_WRITE of libpq/libpq-fs.h.</summary>
    const int ForWriting = 0x20000;

    const string Hashes = "SELECT oid, pg_catalog.md5(pg_catalog.lo_get(oid)) FROM pg_catalog.pg_largeobject_metadata";

    /// <returns>How many were written or removed.</returns>
    /// <param name="deletes">Whether those that the source does not have go.</param>
    public static async Task<int> RunAsync(PgSession source, PgSession target, bool deletes, CancellationToken cancellationToken)
    {
        var both = await BothSides.RowsAsync(source, target, Hashes, cancellationToken);
        var (there, here) = (HashesOf(both.Source), HashesOf(both.Target));
        var stale = deletes ? here.Keys.Except(there.Keys).ToList() : [];
        var wanted = there.Where(o => !here.TryGetValue(o.Key, out var found) || found != o.Value).Select(o => o.Key).ToList();
        foreach (var oid in stale)
            await target.ExecuteAsync($"SELECT pg_catalog.lo_unlink({oid})", cancellationToken);
        foreach (var oid in wanted)
        {
            await CopyAsync(oid, !here.ContainsKey(oid), source, target, cancellationToken);
            var now = (await target.RowsAsync($"SELECT pg_catalog.md5(pg_catalog.lo_get({oid}))", cancellationToken))[0].TextOrNull(0);
            if (now != there[oid])
                throw new BackupSyncException(
                    ErrorIds.VerificationFailed,
                    $"{target.Login.Label}: the large object {oid} would not hold what it holds on {source.Login.Label}.",
                    "Run again; if it stays so, report it with the log.");
        }
        return stale.Count + wanted.Count;
    }

    static Dictionary<string, string?> HashesOf(IEnumerable<Row> rows) => rows.ToDictionary(r => r.Text(0), r => r.TextOrNull(1));

    /// <summary>One that is there already is written over: its owner, its privileges and its comment are the target's own.</summary>
    static async Task CopyAsync(string oid, bool isNew, PgSession source, PgSession target, CancellationToken cancellationToken)
    {
        await target.ExecuteAsync(
            isNew ? $"SELECT pg_catalog.lo_create({oid})" : $"SELECT pg_catalog.lo_truncate(pg_catalog.lo_open({oid}, {ForWriting}), 0)",
            cancellationToken);
        for (long offset = 0; ; offset += Piece)
        {
            var at = offset.ToString(CultureInfo.InvariantCulture);
            var piece = await source.ScalarAsync<byte[]>($"SELECT pg_catalog.lo_get({oid}, {at}, {Piece})", cancellationToken) ?? [];
            if (piece.Length > 0)
                await target.ScalarAsync<object>($"SELECT pg_catalog.lo_put({oid}, {at}, $1)", cancellationToken, piece);
            if (piece.Length < Piece)
                return;
        }
    }
}
