using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Npgsql;

namespace BackupSync.Postgres;

/// <summary>The server refused or failed a statement; <see cref="BackupSyncException.Detail"/> holds its words.</summary>
sealed class PgQueryException(string errorId, string message, string? advice, string? sqlState, Exception inner)
    : BackupSyncException(errorId, message, advice, inner)
{
    /// <summary>https://www.postgresql.org/docs/current/errcodes-appendix.html; null where the connection broke.</summary>
    public string? SqlState { get; } = sqlState;

    /// <summary>Whether the session could do nothing but read.</summary>
    internal bool WhileReading { get; init; }
}

/// <summary>Turns what Npgsql throws into sentences for operators.</summary>
static class PgErrors
{
    /// <summary>What a standby says of a statement that held up its replay for too long.</summary>
    public const string RecoveryConflict = "due to conflict with recovery";

    public const string RecoveryConflictAdvice =
        "The standby had to replay what the reading stood in the way of. Set hot_standby_feedback = on there, "
        + "or raise max_standby_streaming_delay above the time that the run takes, then run again.";

    /// <summary>Null where the failure is none of PostgreSQL's business, such as a cancellation.</summary>
    public static BackupSyncException? TranslateQuery(Exception failure, PgLogin login)
    {
        // The server's "canceling statement due to user request" is inside, and is nothing to tell.
        if (failure is OperationCanceledException)
            return null;
        if (Find<PostgresException>(failure) is { } refused)
        {
            var (id, advice) = refused.SqlState switch
            {
                PostgresErrorCodes.InsufficientPrivilege when refused.MessageText
                    .Contains("row-level security", StringComparison.Ordinal) =>
                    (ErrorIds.PrivilegeMissing, "A copy of only some rows would not be one: ALTER ROLE "
                        + $"{Sql.Identifier(login.Address.User)} BYPASSRLS;"),
                PostgresErrorCodes.InsufficientPrivilege when refused.MessageText.Contains("large object", StringComparison.Ordinal) =>
                    (ErrorIds.PrivilegeMissing, "pg_read_all_data does not cover them: GRANT SELECT ON LARGE OBJECT … TO "
                        + $"{Sql.Identifier(login.Address.User)};"),
                PostgresErrorCodes.InsufficientPrivilege => (ErrorIds.PrivilegeMissing,
                    $"Grant the role '{login.Address.User}' what it lacks; docs/privileges.md lists what each way of publishing needs."),
                PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow =>
                    (ErrorIds.ConnectionFailed, "The server ended the session. Look at its log, then run again."),
                PostgresErrorCodes.DiskFull => (ErrorIds.DiskFull, "Free space on the server's disk."),
                PostgresErrorCodes.SerializationFailure when refused.MessageText
                    .Contains(RecoveryConflict, StringComparison.Ordinal) => (ErrorIds.ConnectionFailed, RecoveryConflictAdvice),
                _ => (ErrorIds.Unexpected, (string?)null),
            };
            var message = $"{login.Label}: {Said(refused, login)} (SQLSTATE {refused.SqlState}).";
            return new PgQueryException(id, message, advice, refused.SqlState, failure)
            {
                Detail = refused.Hint is { } hint ? login.Address.Scrub(hint) : null,
                WhileReading = login.ReadOnly,
            };
        }
        if (failure is NpgsqlException or IOException or SocketException or ObjectDisposedException)
        {
            return new PgQueryException(ErrorIds.ConnectionFailed, $"{login.Label}: the connection to {Where(login)} was lost.",
                "Check the network and the server, then run again.", null, failure)
            { Detail = Words(failure, login) };
        }
        if (IsDrivers(failure))
        {
            return new PgQueryException(ErrorIds.ConnectionFailed, $"{login.Label}: what {Where(login)} sent is not PostgreSQL's protocol.",
                "Check what stands between this machine and the server, and the server's log, then run again.", null, failure)
            { Detail = Words(failure, login) };
        }
        return null;
    }

    /// <summary>How the driver says that it was asked for one: it has no code for that.</summary>
    const string NoPassword = "No password has been provided";

    /// <summary>Null where the failure is none of PostgreSQL's business, such as a cancellation.</summary>
    public static BackupSyncException? TranslateConnect(Exception failure, PgLogin login)
    {
        if (failure is OperationCanceledException)
            return null;
        var address = login.Address;
        var where = Where(login);
        if (Find<PostgresException>(failure) is { } refused)
            return Refused(refused, login, where, failure);

        if (Find<SocketException>(failure) is { } socket)
        {
            return socket.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.NoData => Connect(
                    login,
                    failure,
                    $"{login.Label}: the host '{address.Host}' does not resolve.",
                    "Check the host name in its URL, and this machine's DNS."),
                SocketError.TryAgain => Connect(
                    login,
                    failure,
                    $"{login.Label}: the host '{address.Host}' does not resolve: the name server does not answer.",
                    "Check this machine's DNS, and the host name in its URL.",
                    transient: true),
                SocketError.ConnectionRefused => Connect(
                    login,
                    failure,
                    $"{login.Label}: nothing listens on {where}: the connection was refused.",
                    "Check host and port, that the server runs, and that no firewall stands between.",
                    transient: true),
                _ => Connect(
                    login,
                    failure,
                    $"{login.Label}: no connection to {where}: {socket.Message}.",
                    "Check the network and the server.",
                    transient: true),
            };
        }
        if ((Find<IOException>(failure) as Exception
            ?? Find<CryptographicException>(failure)) is FileNotFoundException or DirectoryNotFoundException or CryptographicException)
        {
            return new BackupSyncException(ErrorIds.TlsFailed, $"{login.Label}: a certificate that its URL names cannot be read.",
                "Check sslrootcert, sslcert and sslkey in its URL.", failure)
            { Detail = Words(failure, login) };
        }
        if (Find<AuthenticationException>(failure) is { } tls)
        {
            return new BackupSyncException(ErrorIds
                .TlsFailed, $"{login.Label}: {where} offers TLS, but its certificate is not trusted, or is for another host.",
                "Give sslrootcert=<file> with the authority that signed it and the host name it was made for, or a weaker sslmode if "
                    + "you accept the risk.", failure)
            { Detail = login.Address.Scrub(tls.Message) };
        }
        if (failure is NpgsqlException && failure.Message.Contains("No SSL enabled connection", StringComparison.Ordinal))
        {
            return new BackupSyncException(
                ErrorIds.TlsFailed,
                $"{login.Label}: {where} does not offer TLS, but its URL demands it (sslmode).",
                "Switch TLS on in the server, or give sslmode=prefer or disable if the network is trusted.",
                failure);
        }
        if (Find<TimeoutException>(failure) is not null)
            return Connect(
                login,
                failure,
                $"{login.Label}: {where} did not answer in time.",
                "Check the network and the server; a suspended compute needs a longer limits.connect.",
                transient: true);
        if (failure is NpgsqlException && Innermost(failure) is EndOfStreamException or IOException)
            return Connect(
                login,
                failure,
                $"{login.Label}: {where} closed the connection during the handshake.",
                "Is it a PostgreSQL server? Check host and port; look at the server's log.",
                transient: true);
        if (failure is BackupSyncException known)
            return known;
        if (Find<NpgsqlException>(failure) is { } driver && driver.Message.StartsWith(NoPassword, StringComparison.Ordinal))
            return new BackupSyncException(ErrorIds.AuthenticationFailed, $"{login.Label}: {where} wants a password, and none is given.",
                PasswordFile.PassedOver(login.Address) is { } file
                    ? $"The password file {file} is passed over, as by every program of PostgreSQL, because others can read it: "
                        + $"chmod 600 {file}"
                    : "Add it to the URL (postgresql://user:password@host/database, special characters percent-encoded), or to a "
                        + "password file (~/.pgpass).", failure);
        return failure is NpgsqlException || IsDrivers(failure)
            ? new BackupSyncException(ErrorIds.NotPostgres, $"{login.Label}: what answers on {where} does not speak PostgreSQL's protocol.",
                "Check host and port in its URL.", failure)
            { Detail = Words(failure, login) }
            : null;
    }

    /// <summary>Whether trying again may help: the server starts, wakes up, or has no free slot just now.</summary>
    public static bool IsTransient(BackupSyncException failure) => failure.Data["transient"] is true;

    /// <summary>Wrong for one database, wrong for all of the server.</summary>
    public static bool IsWrongPassword(BackupSyncException failure) =>
        Find<PostgresException>(failure)?.SqlState == PostgresErrorCodes.InvalidPassword;

    /// <summary>A pooler that knows the target by name may know no other database.</summary>
    public static bool IsPoolersRefusal(BackupSyncException failure) =>
        Find<PostgresException>(failure)?.SqlState == PostgresErrorCodes.ProtocolViolation;

    static BackupSyncException Refused(PostgresException refused, PgLogin login, string where, Exception failure)
    {
        var address = login.Address;
        return refused.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword => new BackupSyncException(ErrorIds.AuthenticationFailed,
                $"{login.Label}: {where} refused the password of '{address.User}'.", "Check user and password; within a URL, and "
                    + "nowhere else, special characters must be percent-encoded.", failure),
            PostgresErrorCodes.InvalidAuthorizationSpecification => new BackupSyncException(ErrorIds.AuthenticationFailed,
                $"{login.Label}: {where} does not let '{address.User}' in: {Said(refused, login)}.", "Check the user, and the server's "
                    + "pg_hba.conf.", failure),
            PostgresErrorCodes.InvalidCatalogName => new BackupSyncException(ErrorIds.DatabaseMissing,
                $"{login.Label}: there is no database '{address.Database}' on {address.Host}:{address.Port}.",
                "Check the name in its URL; a new target must exist, and may be empty: CREATE DATABASE.", failure),
            PostgresErrorCodes.InsufficientPrivilege => new BackupSyncException(ErrorIds.PrivilegeMissing,
                $"{login.Label}: '{address.User}' may not connect to {where}.", "GRANT CONNECT ON DATABASE "
                    + $"{Sql.Identifier(address.Database)} TO {Sql.Identifier(address.User)};", failure),
            PostgresErrorCodes.CannotConnectNow => Connect(
                login, failure, $"{login.Label}: {where} is starting up or shutting down.", "Try again in a moment.", transient: true),
            PostgresErrorCodes
                .TooManyConnections => Connect(login, failure, $"{login.Label}: {where} has no free connection: {Said(refused, login)}.",
                "Close connections, or raise the limit (max_connections, or the role's or database's CONNECTION "
                    + "LIMIT).", transient: true, ErrorIds.TooFewConnections),
            _ => Connect(
                login,
                failure,
                $"{login.Label}: {where} refused the connection: {Said(refused, login)} (SQLSTATE {refused.SqlState}).",
                null),
        };
    }

    static BackupSyncException Connect(
        PgLogin login, Exception failure, string message, string? advice, bool transient = false, string errorId = ErrorIds
            .ConnectionFailed)
    {
        var translated = new BackupSyncException(errorId, message, advice, failure) { Detail = Words(failure, login) };
        translated.Data["transient"] = transient;
        return translated;
    }

    /// <summary>A server may repeat what it was told, the password with it.</summary>
    static string Said(PostgresException refused, PgLogin login) => login.Address.Scrub(refused.MessageText);

    /// <summary>What the innermost failure says. The driver blames itself for what is the server's fault.</summary>
    static string Words(Exception failure, PgLogin login) => login.Address.Scrub(Innermost(failure).Message)
        .Replace("Internal Npgsql bug: ", "", StringComparison.Ordinal).Replace(" Please file a bug.", "", StringComparison.Ordinal);

    static string Where(PgLogin login) => $"{login.Address.Host}:{login.Address.Port}/{login.Address.Database}";

    /// <summary>
    /// Whether it was thrown by the driver, or by what the driver has called: of lengths and numbers that make no sense it makes
    /// exceptions of any kind, an <see cref="OutOfMemoryException"/> among them.
    /// </summary>
    static bool IsDrivers(Exception failure) => new System.Diagnostics.StackTrace(failure).GetFrames()
        .Select(f => f.GetMethod()?.DeclaringType?.Assembly.GetName().Name)
        .FirstOrDefault(
            name => name is not null && name != "mscorlib" && !name.StartsWith("System.", StringComparison.Ordinal)) == "Npgsql";

    static T? Find<T>(Exception failure) where T : Exception
    {
        for (var e = failure; e is not null; e = e.InnerException)
        {
            if (e is T found)
                return found;
            if (e is AggregateException { InnerExceptions.Count: > 1 } several)
                return several.InnerExceptions.Select(Find<T>).FirstOrDefault(f => f is not null);
        }
        return null;
    }

    static Exception Innermost(Exception failure)
    {
        while (failure.InnerException is { } inner)
            failure = inner;
        return failure;
    }
}
