using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Medallion.Shell;
using Command = Medallion.Shell.Command;

namespace BackupSync.PgTools;

/// <summary>
/// A running child process with its streams open: for programs one talks with, such as psql. <see cref="ChildProcess"/> is
/// the simpler way where there is nothing to talk about.
/// </summary>
/// <remarks>
/// The only place that knows how processes are started and asked to end: .NET does the first, a library the second. The
/// library could start them too, but carries their output in pieces of 4 kB, which halves the speed of a dump.
/// </remarks>
public sealed class ChildSession : IAsyncDisposable
{
    /// <summary>How long a child may take to end after it was asked to: pg_dump and psql cancel their statements meanwhile.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>How long a dead child's pipes may stay open: something it started may hold them.</summary>
    static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(2);

    readonly Process _process;
    readonly TextTail _errors;
    readonly Task _errorPump;
    readonly Lock _lock = new();
    Task? _stopping;

    ChildSession(Process process, TextTail errors)
    {
        _process = process;
        _errors = errors;
        ProcessId = process.Id;
        StandardInput = new ChildInput(process.StandardInput.BaseStream);
        StandardOutput = ChildOutput.Begin(process.StandardOutput.BaseStream);
        _errorPump = PumpErrorsAsync(ChildOutput.Begin(process.StandardError.BaseStream));
        Completion = CompleteAsync();
    }

    /// <summary>The child's input, in UTF-8 and unbuffered; closing it is the end of the input.</summary>
    public Stream StandardInput { get; }

    /// <summary>The child's output. It must be read to its end, by one reader, else the child waits with a full pipe.</summary>
    public Stream StandardOutput { get; }

    /// <summary>The exit code, once the child has ended and its standard error is read.</summary>
    public Task<int> Completion { get; }

    /// <summary>The last lines of standard error so far.</summary>
    public string ErrorTail => _errors.ToString();

    public int ProcessId { get; }

    /// <summary>Whether the child stopped reading before all of its input was written: its exit code and words say why.</summary>
    internal bool InputRefused => ((ChildInput)StandardInput).Refused;

    /// <summary>Starts the program. <see cref="ChildCommand.StandardInput"/> and <see cref="ChildCommand.StandardOutput"/> are not used.</summary>
    /// <exception cref="BackupSyncException">There is no such program, or it cannot be executed.</exception>
    public static ChildSession Start(ChildCommand command)
    {
        if (command.WorkingDirectory is { } directory && !Directory.Exists(directory))
            throw new BackupSyncException(ErrorIds.FileFailed, $"The folder {directory} does not exist; {command.Name} was to run in it.");
        try
        {
            return new ChildSession(Process.Start(StartInfo(command))!, new TextTail(command.OnErrorLine));
        }
        catch (Win32Exception e)
        {
            throw new BackupSyncException(ErrorIds.ToolMissing, $"{command.Executable} cannot be run: {e.Message}.", inner: e);
        }
    }

    /// <summary>Asks the child to end, as Ctrl+C does, so that it ends its work in the server too; then insists.</summary>
    public Task StopAsync()
    {
        lock (_lock)
            return _stopping ??= StopCoreAsync();
    }

    /// <summary>Ends the child and all it started, at once.</summary>
    public void Kill()
    {
        if (!Completion.IsCompleted)
            _process.Kill(entireProcessTree: true);
    }

    /// <summary>Ends the input and gives the child a moment to end by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        await StandardInput.DisposeAsync();
        if (!Completion.IsCompleted && !await EndedWithinAsync(Grace))
            await StopAsync();
        await StandardOutput.DisposeAsync(); // what nobody has read would keep the thread that reads ahead
        _process.Dispose();
    }

    static ProcessStartInfo StartInfo(ChildCommand command)
    {
        var info = new ProcessStartInfo(command.Executable, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
            WorkingDirectory = command.WorkingDirectory ?? "",
        };
        // Messages are matched and shown: always in English.
        info.Environment["LC_ALL"] = info.Environment["LC_MESSAGES"] = "C";
        info.Environment.Remove("LANGUAGE");
        foreach (var (name, value) in command.Environment)
        {
            if (value is null)
                info.Environment.Remove(name);
            else
                info.Environment[name] = value;
        }
        return info;
    }

    async Task StopCoreAsync()
    {
        try
        {
            if (Command.TryAttachToProcess(ProcessId, options => options.DisposeOnExit(false), out var command)
                && await command.TrySignalAsync(CommandSignal.ControlC) && await EndedWithinAsync(Grace))
            {
                return;
            }
        }
        finally
        {
            Kill();
            await Completion;
        }
    }

    async Task<bool> EndedWithinAsync(TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    async Task<int> CompleteAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None);
        var exitCode = _process.ExitCode;
        await Task.WhenAny(_errorPump, Task.Delay(PipeGrace));
        if (_errorPump.IsFaulted)
            await _errorPump;
        return exitCode;
    }

    async Task PumpErrorsAsync(Stream errors)
    {
        try
        {
            using var reader = new StreamReader(errors, new UTF8Encoding(false));
            var buffer = new char[4096];
            int count;
            while ((count = await reader.ReadAsync(buffer)) > 0)
                _errors.Append(buffer.AsSpan(0, count));
            _errors.Complete();
        }
        catch
        {
            // The listener failed. Nobody reads any more, so the child would wait with a full pipe.
            _process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
