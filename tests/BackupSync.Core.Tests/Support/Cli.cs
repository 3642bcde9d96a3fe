using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace BackupSync.Tests;

/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
public sealed record CliResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Both, for messages of assertions.</summary>
    public string All => $"exit code {ExitCode}\n{Output}\n{Errors}";
}

/// <summary>The real program, in a process of its own that can be interrupted and killed.</summary>
public sealed class Cli : IAsyncDisposable
{
    readonly Process _process = new();
    readonly StringBuilder _output = new();
    readonly StringBuilder _errors = new();
    readonly Lock _lock = new();
    readonly Action<Cli, string>? _onLine;
    readonly Task _reading;

    Cli(ProcessStartInfo info, Action<Cli, string>? onLine)
    {
        _onLine = onLine;
        _process.StartInfo = info;
        _process.Start();
        _process.StandardInput.Close();
        // Threads of their own: who kills it at a line must not come late because the pool is busy.
        _reading = Task.WhenAll(ReadAsync(_process.StandardOutput, _output), ReadAsync(_process.StandardError, _errors));
    }

    public int ProcessId => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>What it has printed so far, standard error after standard output.</summary>
    public string Printed
    {
        get
        {
            lock (_lock)
                return _output.ToString() + _errors;
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="environment">Variables that differ from the test's own; null takes one away.</param>
    /// <param name="onLine">Told each line as soon as it is printed.</param>
    public static Cli Start(
        string[] arguments, IReadOnlyDictionary<string, string?>? environment = null, string? workingDirectory = null,
        Action<Cli, string>? onLine = null) =>
        Start(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Program(), .. arguments], environment, workingDirectory,
            onLine);

    static Cli Start(
        string program, string[] arguments, IReadOnlyDictionary<string, string?>? environment, string? workingDirectory,
        Action<Cli, string>? onLine)
    {
        var info = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = workingDirectory ?? "",
        };
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            info.Environment[name] = value;
        return new Cli(info, onLine);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<CliResult> RunAsync(
        string[] arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null)
    {
        await using var cli = Start(arguments, environment, workingDirectory);
        return await cli.EndAsync();
    }

    /// <summary>Runs it to its end with its streams redirected as a shell says, such as <c>&gt;/dev/full 2&gt;&amp;1</c>.</summary>
    public static async Task<CliResult> RunRedirectedAsync(
        string redirection, string[] arguments, IReadOnlyDictionary<string, string?>? environment = null, string? workingDirectory = null)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux has /dev/full.");
        string[] line = ["-c", $"exec \"$0\" \"$@\" {redirection}", Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet"];
        await using var cli = Start("/bin/sh", [.. line, Program(), .. arguments], environment, workingDirectory, onLine: null);
        return await cli.EndAsync();
    }

    /// <summary>Runs it to its end on a terminal, wide enough that no path breaks a line, and gives what that got.</summary>
    public static async Task<string> RunOnTerminalAsync(params string[] arguments)
    {
        Skip.If(!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/script"), "There is no program 'script' that makes a terminal.");
        string[] words = [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", Program(), .. arguments];
        var command = string.Join(' ', words.Select(w => $"'{w}'"));
        using var process = Process
            .Start(new ProcessStartInfo("/usr/bin/script", ["-qec", $"stty cols 1000 rows 40; {command}", "/dev/null"])
                {
                    RedirectStandardInput = true, RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8, Environment = {
                ["TERM"] = "xterm-256color" },
                })!;
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        return await process.StandardOutput.ReadToEndAsync(limit.Token);
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>With the most memory that it had, in bytes, as the system has kept it.</returns>
    public async Task<(CliResult Result, long Peak)> EndWithPeakAsync()
    {
        using var process = Process.GetProcessById(ProcessId);
        long peak = 0;
        while (!process.HasExited)
        {
            process.Refresh();
            try
            {
                peak = Math.Max(peak, process.PeakWorkingSet64);
            }
            catch (InvalidOperationException)
            {
                break; // it has ended in between
            }
            await Task.Delay(20);
        }
        return (await EndAsync(), peak);
    }

    /// <summary>Waits for its end, two minutes at most.</summary>
    public Task<CliResult> EndAsync() => EndAsync(TimeSpan.FromMinutes(2));

    public async Task<CliResult> EndAsync(TimeSpan atMost)
    {
        using var limit = new CancellationTokenSource(atMost);
        await _process.WaitForExitAsync(limit.Token);
        await _reading.WaitAsync(limit.Token);
        lock (_lock)
            return new CliResult(_process.ExitCode, _output.ToString(), _errors.ToString());
    }

    /// <summary>Waits until it has printed the text, on either stream.</summary>
    public Task PrintsAsync(string text, double seconds = 30) => Eventually.IsTrueAsync(
        () => Printed.Contains(text, StringComparison.Ordinal)
              || (_process.HasExited ? throw new InvalidOperationException($"It ended without printing '{text}':\n{Printed}") : false),
        $"it prints '{text}'", seconds);

    /// <summary>As <c>kill -9</c> does: only this process, not what it started.</summary>
    public void Kill() => _process.Kill();

    /// <summary>As Ctrl+C does.</summary>
    public void Interrupt() => Signal("-INT");

    /// <param name="signal">As <c>kill</c> takes it, such as <c>-TERM</c>.</param>
    public void Signal(string signal)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows sends Ctrl+C to consoles, not to processes.");
        using var kill = Process.Start("kill", [signal, ProcessId.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>As a machine that dies: it and all that it has started.</summary>
    public void KillAll() => SignalAll("-KILL");

    /// <summary>As a machine or a container that is paused: it and all that it has started stand still.</summary>
    public void Pause() => SignalAll("-STOP");

    public void Resume() => SignalAll("-CONT");

    void SignalAll(string signal)
    {
        Skip.If(!OperatingSystem.IsLinux(), "Who has started whom is read from /proc.");
        using var kill = Process.Start(
            "kill",
            [signal, .. WithDescendants(ProcessId).Select(id => id.ToString(CultureInfo.InvariantCulture))]);
        kill.WaitForExit();
    }

    static IEnumerable<int> WithDescendants(int process)
    {
        try
        {
            return [process, .. Directory.GetDirectories($"/proc/{process}/task")
                .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(id => int.Parse(id, CultureInfo.InvariantCulture)).Distinct().SelectMany(WithDescendants)];
        }
        catch (IOException)
        {
            return [process]; // it, or one of its threads, has ended in between
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    /// <summary>Built beside this assembly, in the same configuration.</summary>
    static string Program()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var path = Path.GetFullPath(Path.Combine(
            own.FullName, "..", "..", "..", "..", "..", "src", "BackupSync.Cli", "bin", own.Parent!.Name, own.Name, "backupsync.dll"));
        return File.Exists(path) ? path : throw new FileNotFoundException("The program is not built.", path);
    }

    Task ReadAsync(StreamReader reader, StringBuilder text) => Task.Factory.StartNew(
        () =>
        {
            while (reader.ReadLine() is { } line)
            {
                lock (_lock)
                    text.Append(line).Append('\n');
                _onLine?.Invoke(this, line);
            }
        }, default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
