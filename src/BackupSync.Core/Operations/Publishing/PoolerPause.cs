using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// Has the clients of a PgBouncer wait while their database is renamed. Else the server refuses the sessions that it opens meanwhile,
/// and it refuses its clients for server_login_retry after that: 15 seconds.
/// (https://www.pgbouncer.org/usage.html#process-controlling-commands)
/// </summary>
/// <remarks>
/// psql talks with it: the console does not know the protocol of prepared statements. And psql resumes when its input ends, as it does also
/// where this process is killed.
/// </remarks>
sealed class PoolerPause : IAsyncDisposable
{
    /// <summary>
    /// For the statements that are under way. Whoever takes longer loses his connection by the rename, as direct clients do.
    /// </summary>
    static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    const string Paused = "backupsync-paused";

    readonly PgToolset _tools;
    readonly Endpoint _database;
    readonly Action<string> _warn;
    readonly IReadOnlyList<string> _names;
    readonly ChildSession? _psql;

    PoolerPause(PgToolset tools, Endpoint database, IReadOnlyList<string> names, Action<string> warn)
    {
        (_tools, _database, _names, _warn) = (tools, database, names, warn);
        if (names.Count == 0)
            return;
        string[] commands = [.. Each("PAUSE", names), "-c", $"\\echo {Paused}", "-f", "-", .. Each("RESUME", names)];
        _psql = ChildSession.Start(Psql(tools, database.Pooler!, commands));
    }

    /// <summary>So that a console that cannot be used is found before anything is begun.</summary>
    public static async Task EnsureUsableAsync(PgToolset tools, Endpoint database, CancellationToken cancellationToken)
    {
        if (database.Pooler is not null)
            await NamesAsync(tools, database, isPaused: false, cancellationToken);
    }

    /// <summary>Returns when no statement is under way any more, or after 5 seconds.</summary>
    /// <param name="warn">Told what does not work: a rename is no less safe without it.</param>
    public static async Task<PoolerPause?> BeginAsync(
        PgToolset tools,
        Endpoint database,
        Action<string> warn,
        CancellationToken cancellationToken)
    {
        if (database.Pooler is null)
            return null;
        try
        {
            var pause = new PoolerPause(tools, database, await NamesAsync(tools, database, isPaused: false, cancellationToken), warn);
            try
            {
                await pause.WaitAsync(cancellationToken);
                return pause;
            }
            catch
            {
                await pause.DisposeAsync();
                throw;
            }
        }
        catch (BackupSyncException failure)
        {
            warn($"{failure.Message} Its clients may be refused for some seconds.");
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_psql is null)
            return;
        await _psql.DisposeAsync(); // ends its input, and gives it a moment
        for (var attempt = 1; ; attempt++)
        {
            using var limit = new CancellationTokenSource(AnswerLimit);
            try
            {
                var left = (await NamesAsync(_tools, _database, isPaused: true, limit.Token)).Intersect(_names).ToList();
                if (left.Count == 0)
                    return;
                await RunAsync(_tools, _database, Each("RESUME", left), limit.Token);
            }
            catch (Exception failure) when (attempt == 3 && failure is BackupSyncException or OperationCanceledException)
            {
                _warn($"{_database.Name}: its pooler may still hold clients back: {failure.Message} Run in its console: "
                    + $"{string.Join(' ', _names.Select(n => $"RESUME {Sql.Identifier(n)};"))}");
                return;
            }
            catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException)
            {
                // Once more.
            }
        }
    }

    async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (_psql is null)
            return;
        var told = ReadMarkAsync(_psql.StandardOutput);
        await Task.WhenAny(told, Task.Delay(AnswerLimit, cancellationToken));
        if (told.IsCompleted && !await told)
            _warn($"{_database.Name}: its pooler does not pause: {_psql.ErrorTail}");
    }

    static async Task<bool> ReadMarkAsync(Stream output)
    {
        using var reader = new StreamReader(output, leaveOpen: true);
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line == Paused)
                return true;
        }
        return false;
    }

    /// <summary>
    /// What the pooler calls the database. One that others paused is not ours to resume; and a database of the same name on another server,
    /// if the pooler knows one by the address that ours has, is none of ours either.
    /// </summary>
    static async Task<IReadOnlyList<string>> NamesAsync(
        PgToolset tools,
        Endpoint database,
        bool isPaused,
        CancellationToken cancellationToken)
    {
        var lines = (await RunAsync(tools, database, ["-c", "SHOW DATABASES"], cancellationToken)).Split(
            '\n',
            StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')).ToList();
        var columns = lines[0].Index().ToDictionary(c => c.Item, c => c.Index);
        var address = database.Address.Unpooled();
        var rows = lines.Skip(1).Where(r => r.Length == columns.Count && r[columns["database"]] == address.Database).ToList();
        var exact = rows.Where(r => r[columns["host"]] == address.Host && r[columns["port"]] == $"{address.Port}").ToList();
        if (exact.Count == 0 && rows.Select(r => (r[columns["host"]], r[columns["port"]])).Distinct().Count() > 1)
        {
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid,
                $"{database.Name}: its pooler knows databases '{address.Database}' on several servers, and none by the address "
                    + $"{address.Host}:{address.Port}.",
                "Spell the host in the database's url as the pooler's configuration does.");
        }
        return [.. (exact.Count > 0 ? exact : rows).Where(r => r[columns["paused"]] == "1" == isPaused).Select(r => r[columns["name"]])];
    }

    static async Task<string> RunAsync(
        PgToolset tools,
        Endpoint database,
        IReadOnlyList<string> commands,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit * 2);
        try
        {
            var result = await ChildProcess.RunAsync(Psql(tools, database.Pooler!, [.. commands]), limit.Token);
            return result.ExitCode == 0 && !result.ErrorTail.Contains("ERROR:", StringComparison.Ordinal)
                ? result.Output
                : throw Unusable(database, result.ErrorTail);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unusable(database, "It does not answer.");
        }
    }

    static BackupSyncException Unusable(Endpoint database, string words) => new(
        ErrorIds.ConnectionFailed, $"{database.Name}: the admin console of its pooler, "
            + $"{database.Pooler!.Host}:{database.Pooler.Port}, cannot be used.",
        "Its user must be among PgBouncer's admin_users, and its database is pgbouncer; or take pooler out of the configuration.")
    { Detail = database.Pooler!.Scrub(words.Trim()) };

    static ChildCommand Psql(PgToolset tools, DatabaseAddress console, params string[] commands) =>
        new ChildCommand(tools.Psql, ["--no-psqlrc", "--quiet", "--no-align", "--no-password", "--field-separator=\t",
            "--pset=footer=off", "--pset=pager=off", .. commands]).ConnectedTo(console);

    static string[] Each(string command, IEnumerable<string> names) =>
        [.. names.SelectMany(n => new[] { "-c", $"{command} {Sql.Identifier(n)}" })];
}
