using BackupSync.Files;

namespace BackupSync.PgTools;

/// <summary>
/// A running child process with its streams open: for programs one talks with, such as psql. <see cref="ChildProcess"/> is
/// the simpler way where there is nothing to talk about.
/// </summary>
sealed class ChildSession : IAsyncDisposable
{
    /// <summary>How long a child may take to end after its input has.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    readonly CancellationTokenSource _stop = new();
    readonly ChildRun _run;
    Stream? _input;
    OpenOutput? _output;

    ChildSession(ChildCommand command)
    {
        _run = ChildRun.Start(command with { StandardInput = HoldAsync, StandardOutput = HoldOutputAsync }, _stop.Token);
        Completion = CompleteAsync();
    }

    /// <summary>The child's input, in UTF-8 and unbuffered; closing it is the end of the input.</summary>
    public Stream StandardInput => _input!;

    /// <summary>The child's output. It must be read to its end, by one reader, else the child waits with a full pipe.</summary>
    public Stream StandardOutput => _output!;

    /// <summary>The exit code, once the child has ended and all of its output is read.</summary>
    public Task<int> Completion { get; }

    /// <summary>The last lines of standard error so far.</summary>
    public string ErrorTail => _run.ErrorTail;

    /// <summary>
    /// Starts the program. <see cref="ChildCommand.StandardInput"/> and <see cref="ChildCommand.StandardOutput"/> are not used.
    /// </summary>
    /// <exception cref="BackupSyncException">There is no such program, or it cannot be executed.</exception>
    public static ChildSession Start(ChildCommand command) => new(command);

    /// <summary>Ends the input and gives the child a moment to end by itself; then it is asked to, and then killed.</summary>
    public async ValueTask DisposeAsync()
    {
        await StandardInput.DisposeAsync();
        if (await Task.WhenAny(_run.Ended, Task.Delay(Grace)) != _run.Ended)
            await _stop.CancelAsync();
        await StandardOutput.DisposeAsync();
        await Task.WhenAny(Completion); // a failure is told to whoever asks for the exit code
    }

    Task HoldAsync(Stream pipe, CancellationToken ended)
    {
        _input = pipe;
        return Task.Delay(Timeout.Infinite, ended);
    }

    Task HoldOutputAsync(Stream pipe, CancellationToken ct)
    {
        _output = new OpenOutput(pipe);
        return _output.Over;
    }

    async Task<int> CompleteAsync()
    {
        try
        {
            return (await _run.Completion).ExitCode;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return ChildRun.Interrupted;
        }
    }

    /// <summary>The output, which stays open until its owner has come to the end or has had enough.</summary>
    sealed class OpenOutput(Stream pipe) : ForwardStream
    {
        readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Over => _over.Task;

        public override bool CanRead => true;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_over.Task.IsCompleted)
                return 0;
            var count = await pipe.ReadAsync(buffer, cancellationToken);
            if (count == 0 && buffer.Length > 0)
                _over.TrySetResult();
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            _over.TrySetResult();
            base.Dispose(disposing);
        }
    }
}
