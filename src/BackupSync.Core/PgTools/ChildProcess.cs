using System.Diagnostics;
using System.Text;

namespace BackupSync.PgTools;

/// <summary>Runs programs to their end.</summary>
public static class ChildProcess
{
    /// <summary>How long the command's reader and writer may take to notice that the child was stopped.</summary>
    static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Runs the command and waits for its end. An exit code other than 0 is a result, not an exception. When cancelled, the
    /// child is asked to end as by Ctrl+C, so that PostgreSQL's tools end their work in the server; after two seconds it is
    /// killed with all it started; only then this returns.
    /// </summary>
    /// <exception cref="BackupSyncException">There is no such program.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the child is gone.</exception>
    /// <remarks>What the command's own reader or writer throws ends the child and is thrown on.</remarks>
    public static async Task<ChildResult> RunAsync(ChildCommand command, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var watch = Stopwatch.StartNew();
        await using var child = ChildSession.Start(command);
        using var ended = new CancellationTokenSource();
        using var ioToken = CancellationTokenSource.CreateLinkedTokenSource(ct, ended.Token);

        var output = new StringBuilder();
        var reading = ReadAsync(child, command, output, ct);
        var writing = WriteAsync(child, command, ioToken.Token);
        await using (ct.Register(() => child.StopAsync()))
        {
            // Whichever of them fails leaves the child waiting on a pipe: it has to go before its end can be awaited.
            await StopOnFailureAsync(child, reading, writing);
            var exitCode = await child.Completion;
            await ended.CancelAsync();
            if (ct.IsCancellationRequested)
                await Task.WhenAny(Task.WhenAll(reading, writing), Task.Delay(PipeGrace, CancellationToken.None));
            ct.ThrowIfCancellationRequested();
            await writing.WaitAsync(ct);
            await reading.WaitAsync(ct);
            return new ChildResult(exitCode, output.ToString(), child.ErrorTail, watch.Elapsed);
        }
    }

    static async Task StopOnFailureAsync(ChildSession child, Task reading, Task writing)
    {
        var open = new List<Task> { reading, writing, child.Completion };
        while (!child.Completion.IsCompleted)
        {
            var done = await Task.WhenAny(open);
            open.Remove(done);
            if (!done.IsCompletedSuccessfully)
                await child.StopAsync();
        }
    }

    static async Task ReadAsync(ChildSession child, ChildCommand command, StringBuilder text, CancellationToken ct)
    {
        if (command.StandardOutput is { } read)
            await read(child.StandardOutput, ct);
        // A reader that has seen enough must not leave the child with a full pipe.
        using var rest = new StreamReader(child.StandardOutput, new UTF8Encoding(false), leaveOpen: true);
        var buffer = new char[8192];
        int count;
        while ((count = await rest.ReadAsync(buffer, CancellationToken.None)) > 0)
        {
            if (command.StandardOutput is null)
                text.Append(buffer, 0, count);
        }
    }

    static async Task WriteAsync(ChildSession child, ChildCommand command, CancellationToken ct)
    {
        await using (child.StandardInput)
        {
            if (command.StandardInput is not { } write)
                return;
            try
            {
                await write(child.StandardInput, ct);
            }
            catch (Exception) when (child.InputRefused)
            {
                // The child ended or closed its input: its exit code and its words are the cause to tell, not the broken pipe.
            }
            catch (OperationCanceledException) when (child.Completion.IsCompleted)
            {
                // The same, with the writer busy elsewhere.
            }
        }
    }
}
