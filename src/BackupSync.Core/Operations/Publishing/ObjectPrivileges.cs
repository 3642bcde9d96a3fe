using BackupSync.Postgres;
using BackupSync.Verification;
using Npgsql;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Who may do what on the target: grants, default privileges and owners of what is there now. A dump of the source has the
/// source's, for roles that the target may not know, so they are left out of it; without the target's own, its application
/// and its read-only users would stand before a closed door after the first sync, or others before an open one.
/// </summary>
sealed class ObjectPrivileges
{
    /// <summary>Owners first, then what they grant, then what those grant who were granted it.</summary>
    const int MostRounds = 3;

    const int MostTold = 10;

    /// <summary>The kinds that are made when all else is as it was.</summary>
    static readonly string[] Late = ["EVENT TRIGGER ", "PUBLICATION "];

    readonly ObjectRights _wanted;
    readonly bool _isSuperuser;
    readonly string? _comment;
    readonly Dictionary<string, string> _refused = [];
    readonly HashSet<string> _gone = [];
    readonly HashSet<string> _kept = [];

    ObjectPrivileges(ObjectRights wanted, bool isSuperuser, string? comment) =>
        (_wanted, _isSuperuser, _comment) = (wanted, isSuperuser, comment);

    /// <param name="target">The target as it is before the run.</param>
    public static async Task<ObjectPrivileges> ReadAsync(IQueryRunner target, CancellationToken cancellationToken)
    {
        var self = (await target.RowsAsync(
            $"SELECT rolsuper, ({CommentOfPublic}) FROM pg_catalog.pg_roles WHERE rolname = current_user", cancellationToken))[0];
        return new ObjectPrivileges(await ObjectRights.ReadAsync(target, cancellationToken), self.Flag(0), self.TextOrNull(1));
    }

    /// <summary>Before the restore, so that tables the target has not had before get what new tables get there.</summary>
    public async Task ApplyDefaultsAsync(IQueryRunner empty, CancellationToken cancellationToken) =>
        await RunAsync(
            (await ObjectRights.ReadAsync(empty, cancellationToken)).DefaultsTo(_wanted, _isSuperuser), empty, cancellationToken);

    /// <summary>After it: the same grants and owners as before, by the objects' names.</summary>
    public async Task ApplyAsync(IQueryRunner restored, CancellationToken cancellationToken)
    {
        // A schema that was not there before the restore is there now.
        _gone.Clear();
        _refused.Clear();
        _kept.Clear();
        await KeepCommentAsync(restored, cancellationToken);
        for (var round = 1; round <= MostRounds; round++)
        {
            var statements = (await ObjectRights.ReadAsync(restored, cancellationToken)).StatementsTo(_wanted, _isSuperuser, _kept.Contains)
                .Where(s => !_gone.Contains(s.Key))
                .ToList();
            if (statements.Count == 0)
                return;
            await RunAsync(statements, restored, cancellationToken);
        }
    }

    /// <summary>When all is restored: does the same for what comes last, and tells what is not as it was.</summary>
    public async Task CompleteAsync(IQueryRunner restored, Action<string> warn, CancellationToken cancellationToken)
    {
        var now = await ObjectRights.ReadAsync(restored, cancellationToken);
        var late = now.StatementsTo(_wanted, _isSuperuser, _kept.Contains)
            .Where(s => Late.Any(l => s.Key.StartsWith(l, StringComparison.Ordinal)))
            .ToList();
        if (late.Count > 0)
        {
            await RunAsync(late, restored, cancellationToken);
            now = await ObjectRights.ReadAsync(restored, cancellationToken);
        }
        var differences = now.DifferencesTo(_wanted, RightsWords.BeforeAndNow).Where(d => !_gone.Contains(d.Key)).ToList();
        foreach (var (key, text) in differences.Take(MostTold))
            warn($"Rights that are not what they were: {key}: {text}{(_refused.TryGetValue(key, out var why) ? $" ({why})" : "")}.");
        if (differences.Count > MostTold)
            warn($"Rights that are not what they were, either: {string.Join(", ", differences.Skip(MostTold).Select(d => d.Key))}.");
    }

    async Task RunAsync(IReadOnlyList<RightsStatement> statements, IQueryRunner runner, CancellationToken cancellationToken)
    {
        foreach (var (number, why, code) in await TriedStatements.RunAsync(
            [.. statements.Select(s => (s.Text, s.As))],
            runner,
            cancellationToken))
        {
            if (code is PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.InvalidSchemaName)
                _gone.Add(statements[number].Key);
            else
                _refused[statements[number].Key] = why;
            if (statements[number].ChangesOwner)
                _kept.Add(statements[number].Key);
        }
    }

    /// <summary>A dump has none where it is as PostgreSQL made it.</summary>
    async Task KeepCommentAsync(IQueryRunner restored, CancellationToken cancellationToken)
    {
        if (_comment is null or InitialComment)
            return;
        if (await restored.RowsAsync(CommentOfPublic, cancellationToken) is [var now] && now.TextOrNull(0) is null or InitialComment)
            await RunAsync(
                [new($"COMMENT ON SCHEMA public IS {Sql.Literal(_comment)}", null, "SCHEMA public")], restored, cancellationToken);
    }

    const string InitialComment = "standard public schema";

    const string CommentOfPublic =
        "SELECT pg_catalog.obj_description(oid, 'pg_namespace') FROM pg_catalog.pg_namespace WHERE nspname = 'public'";
}
