using System.Diagnostics;
using System.Net.Sockets;
using BackupSync.Postgres;
using Npgsql;

namespace BackupSync.Tests.Soak;

/// <summary>
/// Somebody who uses a database meanwhile. How long a statement stood still is what the server says: from the arrival of its transaction's
/// first message to the end of it. Who is thrown out comes again.
/// </summary>
sealed class Bystander : IAsyncDisposable
{
    /// <summary>Errors that a server gives when it goes, when an administrator ends sessions, or while a database is renamed.</summary>
    static readonly string[] Expected = ["57P01", "57P02", "57P03", "3D000", "55000", "55006", "28P01", "53300", "08006", "08001", "08003"];

    readonly CancellationTokenSource _end = new();
    readonly DatabaseAddress _address;
    readonly string _sql;
    readonly Task _running;
    readonly List<string> _errors = [];
    double _worst;

    /// <param name="who">Such as <c>reader of the source</c>.</param>
    /// <param name="sql">Statements of one transaction, of which the last but the end of it is a query of text or nothing.</param>
    /// <param name="onRow">Told what it has read; an answer is what is wrong with it.</param>
    public Bystander(string who, DatabaseAddress address, string sql, Func<string, string?>? onRow = null)
    {
        (Who, _address, _sql) = (who, address, sql);
        _running = Task.Run(() => RunAsync(onRow));
    }

    public string Who { get; }

    /// <summary>The longest that it stood still, in seconds.</summary>
    public double Worst => Volatile.Read(ref _worst);

    public int Rounds { get; private set; }

    /// <summary>What nobody should have to see.</summary>
    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Waits for the statement that it is at.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
    }

    async Task RunAsync(Func<string, string?>? onRow)
    {
        NpgsqlConnection? connection = null;
        while (!_end.IsCancellationRequested)
        {
            var watch = Stopwatch.StartNew();
            try
            {
                if (connection is null)
                {
                    connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_address.ToNpgsql().ConnectionString)
                    {
                        Pooling = false, Timeout = 60, CommandTimeout = 120, ApplicationName = "bystander",
                    }.ConnectionString);
                    await connection.OpenAsync();
                }
                await using var command = new NpgsqlCommand(
                    $"BEGIN; {_sql}; SELECT extract(epoch FROM clock_timestamp() - now())::float8; COMMIT", connection);
                await using var reader = await command.ExecuteReaderAsync();
                do
                {
                    while (await reader.ReadAsync())
                    {
                        if (reader.GetFieldType(0) == typeof(double))
                            Note(reader.GetDouble(0));
                        else if (onRow?.Invoke(reader.GetString(0)) is { } wrong)
                            Tell(wrong);
                    }
                }
                while (await reader.NextResultAsync());
                Rounds++;
            }
            catch (Exception e) when (e is NpgsqlException or InvalidOperationException or IOException or SocketException
                or TimeoutException)
            {
                if (e is PostgresException p && !Expected.Contains(p.SqlState))
                    Tell($"{p.SqlState} {p.MessageText}{(p.SqlState == "40P01" ? $" after {watch.Elapsed.TotalSeconds:0.0} s" : "")}");
                if (connection is not null)
                    await connection.DisposeAsync();
                connection = null;
            }
            try
            {
                await Task.Delay(30, _end.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        if (connection is not null)
            await connection.DisposeAsync();
    }

    void Note(double seconds)
    {
        if (seconds > Worst)
            Volatile.Write(ref _worst, seconds);
    }

    void Tell(string error)
    {
        if (!_errors.Contains(error) && _errors.Count < 5)
            _errors.Add(error);
    }
}
