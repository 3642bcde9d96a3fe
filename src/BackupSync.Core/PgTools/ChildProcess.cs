namespace BackupSync.PgTools;

/// <summary>Runs programs to their end.</summary>
static class ChildProcess
{
    /// <summary>
    /// Runs the command and waits for its end. An exit code other than 0 is a result, not an exception. When cancelled, the
    /// child is asked to end as by Ctrl+C, so that PostgreSQL's tools end their work in the server; after two seconds it is
    /// killed with all it started; only then this returns.
    /// </summary>
    /// <exception cref="BackupSyncException">There is no such program.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the child is gone.</exception>
    /// <remarks>
    /// What the command's own reader or writer throws ends the child and is thrown on. Reading without awaiting is the faster way for
    /// much data, on a thread of its own then; the two must not be mixed.
    /// </remarks>
    public static async Task<ChildResult> RunAsync(ChildCommand command, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        // On the pool: a writer that never awaits would be waited for before anybody reads what the child answers.
        command = command with { StandardInput = OnThePool(command.StandardInput), StandardOutput = OnThePool(command.StandardOutput) };
        return await ChildRun.Start(command, ct).Completion;
    }

    static Func<Stream, CancellationToken, Task>? OnThePool(Func<Stream, CancellationToken, Task>? work) =>
        work is null ? null : (pipe, ct) => Task.Run(() => work(pipe, ct), CancellationToken.None);
}
