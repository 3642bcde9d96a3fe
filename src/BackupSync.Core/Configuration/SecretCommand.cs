using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace BackupSync.Configuration;

/// <summary>
/// A program that prints a secret, such as those of password managers. It is run without a shell and without input, when the secret is
/// needed; only a configuration that nobody else can write names one (<see cref="ConfigurationTrust"/>).
/// </summary>
static class SecretCommand
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>How long the output of a program that has ended may still be kept open by what it has started.</summary>
    static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(1);

    const int MostErrorBytes = 8192;
    const int MostErrorText = 500;

    /// <summary>The file of a program: a path where the word is one, else the first of that name on the PATH; null where there is none.</summary>
    /// <param name="fullPath">Makes a path of one that is relative to the configuration.</param>
    public static string? Find(string word, Func<string, string> fullPath)
    {
        if (word.Contains('\0', StringComparison.Ordinal))
            return null;
        var isPath = word.Contains('/', StringComparison.Ordinal) || word.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal);
        var folders = isPath ? [] : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        var names = isPath ? [fullPath(word)] : folders.Where(f => f.Length > 0).Select(f => Path.Join(f, word));
        var endings = OperatingSystem.IsWindows()
            ? (Environment.GetEnvironmentVariable("PATHEXT") ?? ".EXE").Split(Path.PathSeparator).Prepend("")
            : [""];
        return names.SelectMany(n => endings.Select(e => n + e)).FirstOrDefault(f => File.Exists(f) && MayRun(f));
    }

    /// <summary>What it prints, in one line; or why there is none, with its own words and without the secret.</summary>
    /// <param name="program">Its file.</param>
    /// <param name="name">What it is to print, without an article.</param>
    /// <param name="mostBytes">Of the line.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="limit">How long it may take.</param>
    public static (string? Text, string? Fault) Run(
        string program, IReadOnlyList<string> arguments, string name, int mostBytes, string folder, TimeSpan limit)
    {
        var origin = $"the command {Path.GetFileName(program)}";
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
            CreateNoWindow = true,
        };
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            return (null, $"{origin} cannot be run: {e.Message}");
        }
        process.StandardInput.Close();
        var output = new Pipe(process.StandardOutput.BaseStream, mostBytes + 3, isEndless: false);
        var errors = new Pipe(process.StandardError.BaseStream, MostErrorBytes, isEndless: true);
        var isInTime = Task.WhenAny(process.WaitForExitAsync(), output.Overflow).Wait(limit);
        if (!isInTime || output.Overflow.IsCompleted || !Task.WhenAny(output.Reading, output.Overflow).Wait(PipeGrace))
            Kill(process);
        if (!isInTime)
            return (null, $"{origin} did not end within {Durations.Show(limit)}; it is run without input, and cannot ask for anything");
        if (output.Overflow.IsCompleted)
            return (null, $"{origin} prints more than a {name} has");
        errors.Reading.Wait(PipeGrace);
        var printed = output.Bytes;
        if (process.ExitCode != 0)
            return (null, $"{origin} failed (exit code {process.ExitCode}){Words(errors.Bytes, printed)}");
        var (text, fault) = SecretLine.Of(printed, $"what {origin} prints");
        return (text, fault is null ? null : fault + Words(errors.Bytes, printed));
    }

    static bool MayRun(string file) => OperatingSystem.IsWindows()
        || (File.GetUnixFileMode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    /// <summary>The end of what it says of its failure, behind a colon. What it has printed is taken out: it may be the secret.</summary>
    static string Words(byte[] errors, byte[] printed)
    {
        var said = Encoding.UTF8.GetString(errors);
        foreach (var secret in Encoding.UTF8.GetString(printed).Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0))
            said = said.Replace(secret, "***", StringComparison.Ordinal);
        var lines = said.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        said = AddressText.Scrub(string.Join(' ', lines));
        return said.Length == 0 ? "" : ": " + (said.Length > MostErrorText ? "… " + said[^MostErrorText..] : said).TrimEnd('.');
    }

    static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself, or is not to be ended by us.
        }
    }

    /// <summary>Reads what comes out of a pipe, up to a number of bytes: their first, or, of one that is endless, their last.</summary>
    sealed class Pipe
    {
        readonly MemoryStream _read = new();
        readonly TaskCompletionSource _overflow = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Pipe(Stream stream, int most, bool isEndless) => Reading = Task.Run(() => ReadAsync(stream, most, isEndless));

        /// <summary>Completed at the pipe's end.</summary>
        public Task Reading { get; }

        /// <summary>Completed when there was more.</summary>
        public Task Overflow => _overflow.Task;

        public byte[] Bytes
        {
            get
            {
                lock (_read)
                    return _read.ToArray();
            }
        }

        async Task ReadAsync(Stream stream, int most, bool isEndless)
        {
            var buffer = new byte[4096];
            try
            {
                int count;
                while ((count = await stream.ReadAsync(buffer)) > 0)
                {
                    lock (_read)
                    {
                        _read.Write(buffer, 0, count);
                        if (_read.Length < most)
                            continue;
                        if (!isEndless)
                        {
                            _overflow.TrySetResult();
                            return;
                        }
                        var last = _read.ToArray()[^(most / 2)..];
                        _read.SetLength(0);
                        _read.Write(last);
                    }
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The pipe was closed with its process.
            }
        }
    }
}
