using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>Runs a program, without a shell, with the message as JSON on its standard input.</summary>
sealed class CommandSender(IReadOnlyList<string> words, string folder) : IAlertSender
{
    const int MostTold = 200;

    public async Task<string?> SendAsync(AlertMessage message, CancellationToken cancellationToken)
    {
        var name = Path.GetFileName(words.Count > 0 ? words[0] : "");
        var program = ProgramOf(words, folder);
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(program, words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            WorkingDirectory = folder,
            CreateNoWindow = true,
        };
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw new ChannelException($"The command {name} cannot be run: {e.Message}", e) { IsLasting = true };
        }
        try
        {
            // What it prints is read, or it would wait for a reader.
            var output = DrainAsync(process.StandardOutput, cancellationToken);
            var errors = DrainAsync(process.StandardError, cancellationToken);
            await WriteAsync(process, WebhookPayload.Body(message), cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                await output.WaitAsync(cancellationToken);
                var said = AddressText.Scrub((await errors.WaitAsync(cancellationToken)).ReplaceLineEndings(" ").Trim());
                throw new ChannelException(
                    $"The command {name} failed (exit code {process.ExitCode}){(said.Length > 0 ? $": {Printable.Line(said)}" : ".")}");
            }
            return null;
        }
        finally
        {
            Kill(process);
        }
    }

    static string ProgramOf(IReadOnlyList<string> words, string folder)
    {
        var program = words.Count == 0 ? null : SecretCommand.Find(words[0], path => Path.GetFullPath(path, folder));
        if (program is null)
            throw new ChannelException($"There is no program {(words.Count > 0 ? words[0] : "")} on this machine.") { IsLasting = true };
        return ConfigurationTrust.Fault(program) is { } distrust
            ? throw new ChannelException($"The program {program} {distrust}") { IsLasting = true }
            : program;
    }

    static async Task WriteAsync(Process process, string body, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(body.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It does not want to read it; how it ends says whether it has done its work.
        }
    }

    static async Task<string> DrainAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var (first, buffer) = (new StringBuilder(), new char[1024]);
        int count;
        while ((count = await reader.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (first.Length < MostTold)
                first.Append(buffer, 0, Math.Min(count, MostTold - first.Length));
        }
        return first.ToString();
    }

    static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself, or is not to be ended by us.
        }
    }
}
