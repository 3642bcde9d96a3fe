using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text;
using CliWrap;

namespace BackupSync.PgTools;

/// <summary>
/// One child process from its start to its end: the only place that knows how processes are started, fed, read and ended.
/// </summary>
/// <remarks>
/// CliWrap waits for the end of the pipes, which something that the child has started may keep open; takes any <see cref="IOException"/> of
/// the input for a child that reads no more; has no exit code for a child that was asked to end; and leaves one that does not listen to be
/// killed by its caller. So what the pipes are given to fails here, not there.
/// </remarks>
sealed class ChildRun
{
    /// <summary>How long a child may take to end after it was asked to: pg_dump and psql cancel their statements meanwhile.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long a dead child's pipes may stay silent before they are let go.</summary>
    static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(2);

    /// <summary>How often that is looked at.</summary>
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>The exit code of one that was stopped: what a shell says of a program that Ctrl+C has ended.</summary>
    public const int Interrupted = 130;

    static readonly Encoding Utf8 = new UTF8Encoding(false);

    readonly ChildCommand _command;
    readonly CancellationToken _ct;
    readonly CancellationTokenSource _interrupt = new();
    readonly CancellationTokenSource _kill = new();
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly StringBuilder _output = new();
    readonly TextTail _errors;
    readonly CommandTask<CommandResult> _execution;
    readonly long _started = Stopwatch.GetTimestamp();
    Task _writing = Task.CompletedTask;
    Exception? _failure;
    volatile bool _isReaderAtWork;
    volatile bool _isStopping;
    int _pieces;

    ChildRun(ChildCommand command, CancellationToken ct)
    {
        _command = command;
        _ct = ct;
        _errors = new TextTail(command.OnErrorLine);
        _execution = Cli.Wrap(command.Executable)
            .WithArguments(command.Arguments)
            .WithWorkingDirectory(command.WorkingDirectory ?? "")
            .WithEnvironmentVariables(Variables(command))
            .WithValidation(CommandResultValidation.None)
            .WithStandardInputPipe(PipeSource.Create((pipe, ended) => _writing = WriteAsync(pipe, ended)))
            .WithStandardOutputPipe(PipeTarget.Create((pipe, _) => UntilReleasedAsync(ReadAsync(pipe))))
            .WithStandardErrorPipe(PipeTarget.Create((pipe, _) => UntilReleasedAsync(ReadErrorsAsync(pipe))))
            .ExecuteAsync(_kill.Token, _interrupt.Token);
        Completion = CompleteAsync();
    }

    /// <summary>Completed when the child is gone; its pipes may still be read.</summary>
    public Task Ended => _ended.Task;

    /// <summary>How it ended, once all of it is read; or why it was ended.</summary>
    public Task<ChildResult> Completion { get; }

    /// <summary>The last lines of standard error so far.</summary>
    public string ErrorTail => _errors.ToString();

    /// <param name="ct">Ends the child: see <see cref="Stop"/>.</param>
    /// <exception cref="BackupSyncException">There is no such program, or it cannot be executed.</exception>
    public static ChildRun Start(ChildCommand command, CancellationToken ct)
    {
        if (command.WorkingDirectory is { } directory && !Directory.Exists(directory))
            throw new BackupSyncException(ErrorIds.FileFailed, $"The folder {directory} does not exist; {command.Name} was to run in it.");
        try
        {
            return new ChildRun(command, ct);
        }
        catch (Win32Exception e)
        {
            throw new BackupSyncException(ErrorIds.ToolMissing,
                $"{command.Executable} cannot be run: {(e.InnerException ?? e).Message}.", inner: e);
        }
    }

    /// <summary>
    /// Asks the child to end, as Ctrl+C does, so that it ends its work in the server too; then kills it with all it has started.
    /// </summary>
    void Stop()
    {
        _isStopping = true;
        if (Ended.IsCompleted)
            return; // its number may be another's by now
        _kill.CancelAfter(Grace);
        _ = _interrupt.CancelAsync(); // on Windows it takes a program of its own
    }

    /// <summary>The first failure is the cause: others follow from it, or from the child's being ended for it.</summary>
    void Fail(Exception failure)
    {
        if (Interlocked.CompareExchange(ref _failure, failure, null) is null)
            Stop();
    }

    async Task<ChildResult> CompleteAsync()
    {
        var exitCode = Interrupted;
        await using (_ct.Register(Stop))
        {
            try
            {
                exitCode = (await _execution).ExitCode;
            }
            catch (OperationCanceledException)
            {
                // It was stopped, for a reason that is told below.
            }
            catch (TimeoutException)
            {
                // It was killed and is still there, as a process is whose disk does not answer. We cannot do more.
            }
            finally
            {
                _ended.TrySetResult();
                _released.TrySetResult();
            }
            // CliWrap does not wait for a writer that is busy elsewhere.
            if (_ct.IsCancellationRequested)
                await Task.WhenAny(_writing, Task.Delay(PipeGrace, CancellationToken.None));
            else
                await _writing.WaitAsync(_ct);
        }
        _ct.ThrowIfCancellationRequested();
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        return new ChildResult(exitCode, _output.ToString(), ErrorTail, Stopwatch.GetElapsedTime(_started));
    }

    async Task WriteAsync(Stream pipe, CancellationToken ended)
    {
        // Of the three pipes the input alone is told that the child has ended.
        ended.Register(() => _ = ReleaseAsync());
        await using var input = new ChildInput(pipe);
        if (_command.StandardInput is not { } write)
            return;
        using var token = CancellationTokenSource.CreateLinkedTokenSource(_ct, ended);
        try
        {
            await write(input, token.Token);
        }
        catch (Exception) when (input.Refused)
        {
            // The child ended or closed its input: its exit code and its words are the cause to tell, not the broken pipe.
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The same, with the writer busy elsewhere.
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    async Task ReadAsync(Stream pipe)
    {
        try
        {
            if (_command.StandardOutput is { } read)
            {
                _isReaderAtWork = true;
                await read(pipe, _ct);
                _isReaderAtWork = false;
            }
            // A reader that has seen enough must not leave the child with a full pipe.
            await ReadToEndAsync(pipe, _command.StandardOutput is null ? text => _output.Append(text) : _ => { });
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    async Task ReadErrorsAsync(Stream pipe)
    {
        try
        {
            await ReadToEndAsync(pipe, text => _errors.Append(text.Span));
            _errors.Complete();
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    async Task ReadToEndAsync(Stream pipe, Action<ReadOnlyMemory<char>> take)
    {
        using var reader = new StreamReader(pipe, Utf8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        var buffer = new char[8192];
        int count;
        try
        {
            while ((count = await reader.ReadAsync(buffer, CancellationToken.None)) > 0)
            {
                take(buffer.AsMemory(0, count));
                _pieces++;
            }
        }
        catch (Exception e) when (_released.Task.IsCompleted && e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The pipe was closed: the child is gone, and what keeps it open is not of interest.
        }
    }

    Task UntilReleasedAsync(Task reading) => Task.WhenAny(reading, _released.Task);

    /// <summary>
    /// Lets a dead child's pipes go where others keep them open: when nothing has come for a while, and no reader is at it.
    /// </summary>
    async Task ReleaseAsync()
    {
        _ended.TrySetResult();
        // In small steps: a machine that slept in between has not waited.
        for (var idle = TimeSpan.Zero; idle < PipeGrace && !_released.Task.IsCompleted; idle += Look)
        {
            var before = Volatile.Read(ref _pieces);
            await Task.Delay(Look, CancellationToken.None);
            if (Volatile.Read(ref _pieces) != before || (_isReaderAtWork && !_isStopping))
                idle = TimeSpan.Zero;
        }
        _released.TrySetResult();
    }

    static Dictionary<string, string?> Variables(ChildCommand command)
    {
        // Messages are matched and shown: always in English.
        var variables = new Dictionary<string, string?> { ["LC_ALL"] = "C", ["LC_MESSAGES"] = "C", ["LANGUAGE"] = null };
        foreach (var (name, value) in command.Environment)
            variables[name] = value;
        return variables;
    }
}
