using System.Runtime.CompilerServices;
using Npgsql;

namespace BackupSync.Postgres;

/// <summary>
/// One session of ours. Text output is the same on every server (dates, floats, bytea, money), nothing is found by search
/// path, row security never hides rows but fails, statements see what was committed when they begin unless a transaction says
/// otherwise, nobody is waited for longer than a few seconds (who waits for a lock holds up others), and the server's own idle time
/// limits do not apply.
/// </summary>
sealed class PgSession : IQueryRunner, IAsyncDisposable
{
    // One statement: two dozen SETs take a server longer than most of what is asked afterwards. What a version does not know is passed
    // over. Before it the role's own time limit goes, which may be short. tcp_keepalives: a session whose machine died holds the
    // target's lock no longer than this.
    internal const string Settings = $"""
        SET statement_timeout = 0;
        SELECT pg_catalog.set_config(s.name, s.value, false) FROM (VALUES
            ('client_encoding', 'UTF8'), ('DateStyle', 'ISO, MDY'), ('IntervalStyle', 'postgres'), ('TimeZone', 'UTC'),
            ('extra_float_digits', '1'), ('bytea_output', 'hex'), ('lc_monetary', 'C'), ('xmloption', 'content'),
            ('search_path', ''), ('row_security', 'off'), ('standard_conforming_strings', 'on'), ('quote_all_identifiers', 'off'),
            ('array_nulls', 'on'),
            ('constraint_exclusion', 'partition'), ('jit', 'off'), ('transform_null_equals', 'off'), ('backslash_quote', 'safe_encoding'),
            ('default_transaction_isolation', 'read committed'), ('default_transaction_deferrable', 'off'), ('lock_timeout', '5000'),
            ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'), ('transaction_timeout', '0'),
            ('restrict_nonsystem_relation_kind', ''),
            ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3')) s(name, value)
        WHERE {IsKnown};
        SELECT pg_catalog.set_config('session_replication_role', 'origin', false) FROM pg_catalog.pg_roles
        WHERE rolname = current_user AND rolsuper AND pg_catalog.current_setting('session_replication_role') <> 'origin';
        SELECT pg_catalog.set_config('lc_messages', 'C', false) FROM pg_catalog.pg_roles
        WHERE rolname = current_user AND rolsuper AND pg_catalog.current_setting('lc_messages') <> 'C';
        """;

    /// <summary>The view of all settings shows each with all it says of it, which takes a server milliseconds.</summary>
    const string IsKnown = "pg_catalog.current_setting(s.name, true) IS NOT NULL";

    /// <summary>How long the handshake may go on after its limit: there is nothing in the server to be ended.</summary>
    static readonly TimeSpan HandshakeGrace = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// A table's owner may exchange it for a view after it was listed, and the view's functions would run as our role. Who only reads,
    /// reads tables alone; what is written by others' sessions of ours may ask views by a check's function. Where a server does not know
    /// it, <see cref="EnsureTablesAsync"/> looks instead. To be the last that is set: whether there is a row tells whether it was.
    /// </summary>
    internal const string TablesOnly = $"""
        SELECT pg_catalog.set_config(s.name, 'view, foreign-table', false) FROM (VALUES ('restrict_nonsystem_relation_kind')) s(name)
            WHERE {IsKnown};
        """;

    /// <summary>
    /// What this transaction has locked and is no table: told by functions that know the catalog of now, as what is locked is, and not the
    /// snapshot's. What is temporary is our own.
    /// </summary>
    const string LockedOthers = """
        SELECT l.relation::text, o.type, o.identity
        FROM pg_catalog.pg_locks l, LATERAL pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, l.relation, 0) o
        WHERE l.locktype = 'relation' AND l.pid = pg_catalog.pg_backend_pid() AND l.granted AND l.relation >= 16384
          AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
          AND o.type IN ('view', 'foreign table') AND o.schema NOT LIKE 'pg\_temp%'
        """;

    readonly NpgsqlDataSource _dataSource;
    readonly NpgsqlConnection _connection;
    volatile bool _isLeft;

    /// <summary>Whether the server itself refuses to read anything but tables; of CockroachDB nothing is read but what it is.</summary>
    bool _readsTablesOnly;

    PgSession(PgLogin login, NpgsqlDataSource dataSource)
    {
        Login = login;
        _dataSource = dataSource;
        _connection = dataSource.CreateConnection();
    }

    public PgLogin Login { get; private set; }

    /// <summary>A pooler shares it with others: only single transactions are one's own, and nothing may be set beyond them.</summary>
    public bool IsShared { get; private set; }

    /// <summary>A pooler is in between, though the session is one's own.</summary>
    internal bool IsPooled { get; private set; }

    /// <summary>The login, held to the host that answered where the address names several: a snapshot is one server's.</summary>
    public PgLogin PinnedLogin =>
        Login.Address.Hosts.Count == 1 ? Login : Login with { Address = Login.Address.WithHost(_connection.Host!, _connection.Port) };

    /// <summary>Known after the connection is lost, too, when whoever tidies up asks for it.</summary>
    public int ProcessId { get; private set; }

    /// <summary>Such as 15.18.</summary>
    public Version ServerVersion { get; private set; } = new();

    /// <summary>Opens a session once, without retrying; see <see cref="PgConnector"/>.</summary>
    /// <param name="timeout">
    /// For the handshake, which cannot be cancelled while it waits for an answer; the URL's own, or 15 seconds, where null.
    /// </param>
    /// <param name="mayBeShared">Whether the caller keeps to <see cref="IsShared"/>; else such a session is refused.</param>
    /// <exception cref="BackupSyncException">Why it cannot be opened, and what to do.</exception>
    public static async Task<PgSession> OpenAsync(
        PgLogin login,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null,
        bool mayBeShared = false)
    {
        var settings = login.Address.ToNpgsql();
        settings.ApplicationName = login.ApplicationName;
        if (timeout is { } limit)
            settings.Timeout = Math.Clamp((int)Math.Ceiling(limit.TotalSeconds), 1, 1024);
        if (login.EventTriggersOff)
            settings.Options = $"{settings.Options} -c event_triggers=off".TrimStart();
        settings.IncludeErrorDetail = false; // it could quote users' data into logs
        var session = new PgSession(login, new NpgsqlDataSourceBuilder(settings.ConnectionString)
            .ConfigureTypeLoading(types => types.EnableTypeLoading(false)) // a round trip saved: everything is asked as text
            .Build());
        try
        {
            using var wait = new DriverWait(HandshakeGrace, session.Leave, cancellationToken);
            // On the pool: parts of the handshake are read without awaiting.
            return await wait.ForAsync(Task.Run(() => session.BeginAsync(mayBeShared, wait.Token), CancellationToken.None));
        }
        catch (Exception failure)
        {
            await session.DisposeAsync();
            ThrowIfCancelled(failure, cancellationToken);
            if (PgErrors.TranslateConnect(failure, login) is { } translated)
                throw translated;
            throw;
        }
    }

    async Task<PgSession> BeginAsync(bool mayBeShared, CancellationToken cancellationToken)
    {
        await _connection.OpenAsync(cancellationToken);
        if (_isLeft)
        {
            DriverWait.CloseLine(_connection); // nobody waits for it any more
            throw new OperationCanceledException();
        }
        ProcessId = _connection.ProcessID;
        ServerVersion = _connection.PostgreSqlVersion;
        await SetUpAsync(mayBeShared, cancellationToken);
        return this;
    }

    /// <summary>Sets what every session of ours has, unless that would be set for others.</summary>
    async Task SetUpAsync(bool mayBeShared, CancellationToken cancellationToken)
    {
        var settings =
            $"{Settings} SET default_transaction_read_only = {(Login.ReadOnly ? "on" : "off")}; {(Login.ReadOnly ? TablesOnly : "")}";
        // CockroachDB's logins have numbers of another kind; what is to be said of it is said elsewhere.
        if (!PoolerDetection.AreKnownAsOwn(Login.Address) && !IsCockroach)
        {
            try
            {
                await SetAsync($"{PoolerDetection.Gate(ProcessId)} {settings}", cancellationToken);
                return;
            }
            catch (Exception failure) when (PoolerDetection.IsGateShut(failure))
            {
                IsShared = await PoolerDetection.AreSharedAsync(_connection, _dataSource, Login.Address, cancellationToken);
            }
        }
        if (IsShared && mayBeShared)
            return;
        if (IsShared)
        {
            throw new BackupSyncException(ErrorIds.NotSupported,
                $"{Login.Label}: {Login.Address.Host}:{Login.Address.Port} is a connection pooler that shares the server's sessions "
                    + "among its clients, as PgBouncer does in transaction mode: "
                + "through it there are no snapshots, no locks and no settings of a session's own.",
                "Give the direct address of the server in its URL: the host and port that the pooler itself connects to.");
        }
        IsPooled = !Login.Address.IsNeonDirect;
        await Guarded(async stop =>
        {
            await SetAsync(settings, stop);
            return true;
        }, cancellationToken);
    }

    /// <summary>This one, with that executed; closed where it fails, for nobody has it yet.</summary>
    public async Task<PgSession> ReadyAsync(string statements, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(statements, cancellationToken);
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.NotSupported"/>.</exception>
    internal IDatabaseEngine Engine => DatabaseEngines.Of(IsCockroach, Login.Label);

    bool IsCockroach => _connection.PostgresParameters.ContainsKey("crdb_version");

    async Task SetAsync(string settings, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(settings, _connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        bool hasRow;
        do
            hasRow = await reader.ReadAsync(cancellationToken);
        while (await reader.NextResultAsync(cancellationToken));
        _readsTablesOnly = Login.ReadOnly && hasRow || IsCockroach;
    }

    /// <summary>
    /// Refuses what reads anything but tables and sequences, as servers do that know <see cref="TablesOnly"/>; in sessions that have it, it
    /// does nothing. A statement that is prepared is not planned, so that no function runs, but has its locks: what they are on stays
    /// what it is until the transaction ends.
    /// </summary>
    public Task EnsureTablesAsync(string select, CancellationToken cancellationToken) => _readsTablesOnly ? Task.CompletedTask
        : LockTablesAsync($"PREPARE backupsync_look AS {select}; DEALLOCATE backupsync_look", cancellationToken);

    /// <summary>
    /// Runs what takes locks, and refuses it where one of them is on a view or a foreign table: what was listed as a table may have been
    /// exchanged before its lock was there. What was locked before, as views are whose definition was asked for, is no matter.
    /// </summary>
    public Task LockTablesAsync(string statement, CancellationToken cancellationToken) => Guarded(async stop =>
    {
        await using var command = new NpgsqlCommand($"{LockedOthers}; {statement}; {LockedOthers}", _connection);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var before = new HashSet<string>();
        while (await reader.ReadAsync(stop))
            before.Add(reader.GetString(0));
        await reader.NextResultAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            if (before.Contains(reader.GetString(0)))
                continue;
            var words = $"access to non-system {reader.GetString(1)} {reader.GetString(2)} is restricted"; // the server's own
            throw new PostgresException(words, "ERROR", "ERROR", PostgresErrorCodes.ObjectNotInPrerequisiteState);
        }
        return true;
    }, cancellationToken);

    /// <summary>In sessions that a pooler shares with others nothing is asked but the server's own catalog.</summary>
    Task LookAsync(string select, CancellationToken cancellationToken) =>
        Login.ReadOnly && !IsShared ? EnsureTablesAsync(select, cancellationToken) : Task.CompletedTask;

    /// <summary>Changes the name by which the server's administrators, and other runs, know the session.</summary>
    public async Task RenameAsync(string applicationName, CancellationToken cancellationToken)
    {
        await ExecuteAsync($"SET application_name = {Sql.Literal(applicationName)}", cancellationToken);
        Login = Login with { ApplicationName = applicationName };
    }

    public Task ExecuteAsync(string statement, CancellationToken cancellationToken) =>
        Guarded(async stop =>
        {
            await using var command = new NpgsqlCommand(statement, _connection);
            await command.ExecuteNonQueryAsync(stop);
            return true;
        }, cancellationToken);

    /// <summary>Runs a statement that takes its time, and hears what the server says meanwhile.</summary>
    public Task ListenAsync(string statement, Action<string> onNotice, CancellationToken cancellationToken) =>
        Guarded(async stop =>
        {
            void Hear(object sender, NpgsqlNoticeEventArgs told) => onNotice(told.Notice.MessageText);
            _connection.Notice += Hear;
            try
            {
                await using var command = new NpgsqlCommand(statement, _connection);
                await command.ExecuteNonQueryAsync(stop);
                return true;
            }
            finally
            {
                _connection.Notice -= Hear;
            }
        }, cancellationToken);

    /// <summary>
    /// Creates, changes or drops something of ours, in a transaction, without the database's event triggers where these can be kept
    /// from it.
    /// </summary>
    public Task DefineAsync(string statement, CancellationToken cancellationToken) =>
        ExecuteAsync(Login.DefinesAsReplica
            ? $"SET session_replication_role = replica; {statement}; SET session_replication_role = origin"
            : statement, cancellationToken);

    /// <summary>The first column of the first row; default where there is none.</summary>
    public async Task<T?> ScalarAsync<T>(string select, CancellationToken cancellationToken, params object[] parameters)
    {
        // What takes parameters asks the server, not tables.
        if (parameters.Length == 0)
            await LookAsync(select, cancellationToken);
        return await Guarded(async stop =>
        {
            await using var command = new NpgsqlCommand(select, _connection);
            foreach (var parameter in parameters)
                command.Parameters.Add(new NpgsqlParameter { Value = parameter });
            var value = await command.ExecuteScalarAsync(stop);
            return value is null or DBNull ? default : (T)value;
        }, cancellationToken);
    }

    public async Task<List<Row>> RowsAsync(string select, CancellationToken cancellationToken)
    {
        await LookAsync(select, cancellationToken);
        return await AskServerAsync(select, cancellationToken);
    }

    /// <summary>The same for what reads no relation, and must not wait for a lock on one, of the catalog neither.</summary>
    internal Task<List<Row>> AskServerAsync(string select, CancellationToken cancellationToken) =>
        Guarded(async stop =>
        {
            var rows = new List<Row>();
            using var reader = await _connection.BeginTextExportAsync($"COPY ({select}) TO STDOUT", stop);
            while (await reader.ReadLineAsync(stop) is { } line)
                rows.Add(new Row(CopyText.Fields(line)));
            return rows;
        }, cancellationToken);

    /// <summary>Runs a statement and tells how many rows it has changed.</summary>
    public Task<long> AffectedAsync(string statement, CancellationToken cancellationToken) =>
        Guarded(async stop =>
        {
            await using var command = new NpgsqlCommand(statement, _connection);
            return (long)await command.ExecuteNonQueryAsync(stop);
        }, cancellationToken);

    /// <summary>The rows as lines of COPY's text format, one after the other as the server sends them.</summary>
    public async IAsyncEnumerable<string> LinesAsync(string select, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await LookAsync(select, cancellationToken);
        using var wait = new DriverWait(DriverWait.Grace, Leave, cancellationToken);
        var reader = await Guarded(stop => _connection.BeginTextExportAsync($"COPY ({select}) TO STDOUT", stop), cancellationToken);
        var isRead = false;
        try
        {
            while (await ReadAsync() is { } line)
                yield return line;
            isRead = true;
        }
        finally
        {
            await EndInTimeAsync(async () =>
            {
                // Who has seen enough must not have to wait for all the rest, which the reader would fetch before it is disposed of.
                if (!isRead && _connection.State == System.Data.ConnectionState.Open)
                    await ((NpgsqlCopyTextReader)reader).CancelAsync();
                reader.Dispose();
            });
        }

        // Most lines have come already: there is nothing to guard then.
        ValueTask<string?> ReadAsync()
        {
            var line = reader.ReadLineAsync(wait.Token);
            return line.IsCompletedSuccessfully ? line : new(Guarded(line.AsTask(), wait, cancellationToken));
        }
    }

    public Task<long> CountAsync(ObjectName table, CancellationToken cancellationToken) =>
        Guarded(async stop =>
        {
            var count = 0L;
            using var reader = await _connection.BeginTextExportAsync($"COPY {table.Qualified} TO STDOUT", stop);
            while (await reader.ReadLineAsync(stop) is not null)
                count++;
            return count;
        }, cancellationToken);

    /// <summary>Gives the rows in COPY's text format, byte for byte, without the mark of their end.</summary>
    public async Task CopyOutAsync(string select, Func<Stream, CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        await LookAsync(select, cancellationToken);
        await Guarded(async stop =>
        {
            using var rows = (StreamReader)await _connection.BeginTextExportAsync($"COPY ({select}) TO STDOUT", stop);
            await read(rows.BaseStream, stop);
            return true;
        }, cancellationToken);
    }

    /// <summary>
    /// Loads rows in COPY's text format, byte for byte. After a failure the session is good for nothing but to be disposed of.
    /// </summary>
    /// <param name="write">Writes the rows, without the mark of their end.</param>
    public Task CopyInAsync(string copyStatement, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        Guarded(async stop =>
        {
            // Not disposed of where writing fails: that would tell the server that the rows are complete.
            var rows = await _connection.BeginTextImportAsync(copyStatement, stop);
            await write(((StreamWriter)rows).BaseStream, stop);
            await rows.DisposeAsync();
            return true;
        }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (!_isLeft && IsPooled && _connection.State == System.Data.ConnectionState.Open)
            await ResetAsync();
        await EndInTimeAsync(async () =>
        {
            await _connection.DisposeAsync();
            await _dataSource.DisposeAsync();
        });
    }

    /// <summary>Ends something, of which the driver tells the far end and waits for its answer.</summary>
    async Task EndInTimeAsync(Func<Task> end)
    {
        if (_isLeft)
            return; // work of the driver's may still be at it, and its line is closed
        using var limit = new CancellationTokenSource(DriverWait.Grace);
        using var ending = new DriverWait(TimeSpan.Zero, Leave, limit.Token);
        try
        {
            await ending.ForAsync(Task.Run(async () =>
            {
                await end();
                return true;
            }, CancellationToken.None));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // The far end does not answer, and its line is closed: who uses the session next is told.
        }
    }

    /// <summary>The driver has not come back: the server's end is told by the line's.</summary>
    void Leave()
    {
        _isLeft = true;
        DriverWait.CloseLine(_connection);
    }

    /// <summary>A pooler in session mode cleans up by itself, if it is told so.</summary>
    async Task ResetAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await ExecuteAsync("ROLLBACK", limit.Token);
            await ExecuteAsync("DISCARD ALL", limit.Token);
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException or NpgsqlException
            or InvalidOperationException)
        {
            // The session is busy or gone: the pooler ends what is not clean.
        }
    }

    async Task<T> Guarded<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        // Npgsql breaks the connection where it is stopped as it sends.
        cancellationToken.ThrowIfCancellationRequested();
        using var wait = new DriverWait(DriverWait.Grace, Leave, cancellationToken);
        return await Guarded(
            _isLeft ? Task.FromException<T>(new IOException("It was closed, as the server did not answer.")) : work(wait.Token),
            wait,
            cancellationToken);
    }

    async Task<T> Guarded<T>(Task<T> work, DriverWait wait, CancellationToken cancellationToken)
    {
        try
        {
            return await wait.ForAsync(work);
        }
        catch (Exception failure)
        {
            ThrowIfCancelled(failure, cancellationToken);
            // What another session, to which this one's rows go, has failed of is told as that one's.
            if (failure is OperationCanceledException or BackupSyncException)
                throw;
            // Npgsql calls the use of a connection that broke before a mistake of the caller's.
            var cause = failure is InvalidOperationException && _connection.State != System.Data.ConnectionState.Open
                ? new IOException(failure.Message, failure)
                : failure;
            if (PgErrors.TranslateQuery(cause, Login) is { } translated)
                throw translated;
            throw;
        }
    }

    /// <summary>A read that is cancelled half-way can surface as a timeout, or as a broken connection.</summary>
    static void ThrowIfCancelled(Exception failure, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested && failure is not OperationCanceledException)
            throw new OperationCanceledException(failure.Message, failure, cancellationToken);
    }
}
