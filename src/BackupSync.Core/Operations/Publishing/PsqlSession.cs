using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Operations.Publishing;

/// <summary>
/// A psql that is fed statement by statement. It is what can run pg_restore's script and, in the same transaction, the
/// queries that verify what the script did. When it dies, or we do, the server rolls the transaction back.
/// </summary>
sealed partial class PsqlSession : IQueryRunner, IAsyncDisposable
{
    readonly ChildSession _psql;
    readonly Channel<string> _output = Channel.CreateUnbounded<string>();
    readonly PgLogin _login;

    PsqlSession(ChildSession psql, PgLogin login)
    {
        _psql = psql;
        _login = login;
        // Read at all times: a script answers too (setval does), and psql must never wait for us with a full pipe.
        _ = PumpOutputAsync();
    }

    public static PsqlSession Start(PgToolset tools, PgLogin login, IEnumerable<KeyValuePair<string, string>> settings)
    {
        var command = new ChildCommand(tools.Psql,
            "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password", "--set=ON_ERROR_STOP=1", "--echo-errors",
            "--set=VERBOSITY=verbose", "--pset=pager=off")
            .ConnectedTo(login, settings);
        return new PsqlSession(ChildSession.Start(command), login);
    }

    /// <summary>Feeds psql what pg_restore writes, byte for byte.</summary>
    public async Task FeedAsync(Stream script, CancellationToken cancellationToken)
    {
        await Guarded(async () =>
        {
            await script.CopyToAsync(_psql.StandardInput, 1 << 16, cancellationToken);
            await _psql.StandardInput.FlushAsync(cancellationToken);
            return true;
        });
    }

    /// <summary>Returns when psql has come this far; throws where it gave up before.</summary>
    public async Task ExecuteAsync(string statement, CancellationToken cancellationToken) =>
        await RunAsync(statement, cancellationToken);

    public async Task<List<Row>> RowsAsync(string select, CancellationToken cancellationToken) =>
        [.. (await RunAsync($"COPY ({select}\n) TO STDOUT", cancellationToken)).Select(l => new Row(CopyText.Fields(l)))];

    public ValueTask DisposeAsync() => _psql.DisposeAsync();

    Task<List<string>> RunAsync(string statement, CancellationToken cancellationToken) => Guarded(async () =>
    {
        // A mark that no data can be mistaken for.
        var mark = $"backupsync-{Guid.NewGuid():N}";
        while (_output.Reader.TryRead(out _)) // what the script before has answered
        {
        }
        await _psql.StandardInput.WriteAsync(Encoding.UTF8.GetBytes($"{statement}\n;\n\\echo {mark}\n"), cancellationToken);
        await _psql.StandardInput.FlushAsync(cancellationToken);
        var lines = new List<string>();
        await foreach (var line in _output.Reader.ReadAllAsync(cancellationToken))
        {
            if (line == mark)
                return lines;
            lines.Add(line);
        }
        throw new EndOfStreamException();
    });

    async Task PumpOutputAsync()
    {
        Exception? failure = null;
        try
        {
            using var reader = new StreamReader(_psql.StandardOutput, Encoding.UTF8);
            while (await reader.ReadLineAsync() is { } line)
                _output.Writer.TryWrite(line);
        }
        catch (Exception broken) when (broken is IOException or InvalidOperationException) // the latter: disposed of
        {
            failure = new EndOfStreamException(broken.Message, broken); // for whoever waits for an answer
        }
        _output.Writer.Complete(failure);
    }

    async Task<T> Guarded<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (IOException)
        {
            // psql is gone, or going: what it said is the reason, the broken pipe only the symptom.
            var exitCode = await _psql.Completion;
            var state = ErrorCode().Match(_psql.ErrorTail);
            var failure = PgProgram.Failure(
                exitCode, ErrorCode().Replace(_psql.ErrorTail, "$1"), "psql", _login, ErrorIds
                    .RestoreFailed, $"The restore into {_login.Label} failed");
            if (!state.Success)
                throw failure;
            throw new PgQueryException(failure.ErrorId, failure.Message, failure.Advice, state.Groups[2].Value, failure)
            {
                Detail = failure.Detail,
            };
        }
    }

    /// <summary>The error's code, which is the same in every language: "ERROR:  55P03: canceling …", "FEHLER:  55P03: …".</summary>
    [GeneratedRegex(@"(\w+:  )([0-9A-Z]{5}): ")]
    private static partial Regex ErrorCode();
}
