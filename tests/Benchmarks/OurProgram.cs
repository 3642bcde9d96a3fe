using System.Diagnostics;
using BackupSync.PgTools;

namespace BackupSync.Benchmarks;

/// <summary>The program as users run it: its start counts, and so does what it needs to stop.</summary>
sealed class OurProgram
{
    const string FileName = "backupsync.dll";

    readonly string _folder;

    OurProgram(string folder) => _folder = folder;

    static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>One that has been published before; null where there is none.</summary>
    public static OurProgram? In(string folder) =>
        File.Exists(Path.Combine(folder, FileName)) ? new OurProgram(Path.GetFullPath(folder)) : null;

    /// <summary>Publishes it as the README tells users to.</summary>
    public static async Task<OurProgram> PublishAsync(string folder, CancellationToken ct)
    {
        // Where this was built: tests/Benchmarks/bin/Release/net10.0.
        var project = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "src", "BackupSync.Cli"));
        var published = await ChildProcess.RunAsync(new ChildCommand(Dotnet, ["publish", project, "-o", folder]), ct);
        if (published.ExitCode != 0)
            throw new InvalidOperationException(
                $"dotnet publish {project} ended with exit code {published.ExitCode}: {published.ErrorTail}");
        return new OurProgram(folder);
    }

    /// <summary>What goes on until it is killed; what it prints is left out.</summary>
    public Process Start(IReadOnlyList<string> arguments, string workingDirectory)
    {
        var start = ProgramStart(arguments, new Dictionary<string, string>());
        start.WorkingDirectory = workingDirectory;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    public async Task<Measurement> RunAsync(
        IReadOnlyList<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        CancellationToken ct)
    {
        using var process = new Process { StartInfo = ProgramStart(arguments, environment) };
        var watch = Stopwatch.StartNew();
        process.Start();
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        long peak;
        try
        {
            peak = await WatchMemoryAsync(process, ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        watch.Stop();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"backupsync {string.Join(' ', arguments)} ended with exit code {process.ExitCode}:\n{await output}\n{await errors}");
        return new Measurement(watch.Elapsed, peak);
    }

    /// <summary>Waits for the end. The system keeps the peak itself (VmHWM on Linux), so the last answer is good to 50 ms.</summary>
    static async Task<long> WatchMemoryAsync(Process process, CancellationToken ct)
    {
        long peak = 0;
        var ended = process.WaitForExitAsync(ct);
        while (await Task.WhenAny(ended, Task.Delay(50, ct)) != ended)
        {
            process.Refresh();
            try
            {
                peak = Math.Max(peak, Math.Max(process.PeakWorkingSet64, process.WorkingSet64));
            }
            catch (InvalidOperationException)
            {
                break; // it has ended in between
            }
        }
        await ended;
        return peak;
    }

    ProcessStartInfo ProgramStart(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(Dotnet, [Path.Combine(_folder, FileName), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return start;
    }
}
