using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>
/// The texts of views. A dump and restore changes some (<c>NULL::integer</c> comes back as <c>NULL::integer AS int4</c>), and each version prints
/// in its own way. So two texts are equal if one server, which reads and prints both, prints the same.
/// </summary>
static class ViewDefinitions
{
    /// <summary>What is printed is read and printed once more: the second time nothing changes any more.</summary>
    const int MostPrints = 2;

    /// <summary>By the view's name.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(IQueryRunner runner, CatalogFilter filter, CancellationToken cancellationToken) =>
        (await runner.RowsAsync(CatalogQueries.Views(filter), cancellationToken)).ToDictionary(r => Sql.Display(r[0]!, r[1]!), r => r[2]!);

    /// <summary>Compares the views that both have.</summary>
    /// <param name="target">The database whose server is asked. Nothing stays in it.</param>
    public static async Task<ComparedViews> CompareAsync(
        IReadOnlyDictionary<string, string> there, IReadOnlyDictionary<string, string> here, PgLogin target, TimeSpan connectLimit, CancellationToken cancellationToken)
    {
        var texts = there.Where(v => here.TryGetValue(v.Key, out var text) && text != v.Value).OrderBy(v => v.Key, StringComparer.Ordinal).ToList();
        if (texts.Count == 0)
            return ComparedViews.Equal;
        List<string> different = [], unknown = [];
        await using var session = await PgConnector.OpenAsync(target, connectLimit, onRetry: null, cancellationToken);
        foreach (var (name, text) in texts)
        {
            try
            {
                if (!await AreEqualAsync(session, text, here[name], cancellationToken))
                    different.Add(name);
            }
            catch (PgQueryException refused) when (refused.SqlState is not null)
            {
                unknown.Add($"view {name}: its definition is spelled otherwise on both sides, and {target.Label} could not be asked whether it means the same ({refused.Message})");
            }
        }
        return new ComparedViews(different, unknown);
    }

    static async Task<bool> AreEqualAsync(PgSession session, string theirs, string own, CancellationToken cancellationToken)
    {
        for (var print = 1; print <= MostPrints; print++)
        {
            own = await PrintAsync(session, own, cancellationToken);
            try
            {
                theirs = await PrintAsync(session, theirs, cancellationToken);
            }
            catch (PgQueryException refused) when (NamesSomethingElse(refused.SqlState))
            {
                return false;
            }
            if (theirs == own)
                return true;
        }
        return false;
    }

    /// <summary>Whether a text names what is not there, or not like that: one that has been read by this server before does not.</summary>
    static bool NamesSomethingElse(string? state) =>
        state is not null && (state.StartsWith("42", StringComparison.Ordinal) || state.StartsWith("3F", StringComparison.Ordinal))
        && state is not (Npgsql.PostgresErrorCodes.InsufficientPrivilege or Npgsql.PostgresErrorCodes.SyntaxError);

    static async Task<string> PrintAsync(PgSession session, string definition, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("BEGIN READ WRITE", cancellationToken);
        try
        {
            // With a parameter the server takes one statement and no more, whatever the text says.
            await session.ScalarAsync<long>($"CREATE TEMPORARY VIEW backupsync_view AS {definition}", cancellationToken, 0);
            return (await session.RowsAsync("SELECT pg_catalog.pg_get_viewdef('pg_temp.backupsync_view'::pg_catalog.regclass)", cancellationToken))[0][0]!;
        }
        finally
        {
            await session.ExecuteAsync("ROLLBACK", CancellationToken.None);
        }
    }
}

/// <param name="Different">Names of views that really differ.</param>
/// <param name="Unknown">A sentence for each view of which nobody could tell.</param>
sealed record ComparedViews(IReadOnlyList<string> Different, IReadOnlyList<string> Unknown)
{
    public static ComparedViews Equal { get; } = new([], []);
}
