using System.Globalization;
using System.Security.Cryptography;

namespace BackupSync.Postgres;

/// <summary>
/// Whether two addresses lead to one database, however they are spelled: an advisory lock with a random key, taken through
/// one, shows in <c>pg_locks</c> through the other. (Advisory locks name their database, so two databases of one server differ.)
/// </summary>
static class SameDatabaseProof
{
    public static async Task<bool> AreSameAsync(PgSession one, PgSession other, CancellationToken cancellationToken)
    {
        var high = RandomNumberGenerator.GetInt32(int.MaxValue);
        var low = RandomNumberGenerator.GetInt32(int.MaxValue);
        await one.ScalarAsync<bool>("SELECT pg_catalog.pg_try_advisory_lock($1, $2)", cancellationToken, high, low);
        try
        {
            return await other.ScalarAsync<long>(
                """
                SELECT count(*) FROM pg_catalog.pg_locks
                WHERE locktype = 'advisory' AND objsubid = 2 AND classid = $1::text::oid AND objid = $2::text::oid
                  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                """,
                cancellationToken, high.ToString(CultureInfo.InvariantCulture), low.ToString(CultureInfo.InvariantCulture)) > 0;
        }
        finally
        {
            await one.ScalarAsync<bool>("SELECT pg_catalog.pg_advisory_unlock($1, $2)", CancellationToken.None, high, low);
        }
    }
}
