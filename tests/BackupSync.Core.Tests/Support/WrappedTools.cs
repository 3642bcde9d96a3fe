using BackupSync.Configuration;
using BackupSync.PgTools;

namespace BackupSync.Tests;

/// <summary>PostgreSQL's own programs, one of them with something done before it: a folder that goes when disposed.</summary>
sealed class WrappedTools : IDisposable
{
    readonly TempFolder _folder = new();

    /// <param name="program">Such as pg_restore.</param>
    /// <param name="script">
    /// For bash; <c>$program</c> is the real one, which runs with all arguments afterwards unless the script exits.
    /// </param>
    public WrappedTools(PgToolset tools, string program, string script)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no shell scripts.");
        var real = Path.GetDirectoryName(tools.PgDump)!;
        foreach (var name in new[] { "pg_dump", "pg_dumpall", "pg_restore", "psql" })
        {
            var path = _folder.Write(
                name,
                $"#!/bin/bash\nprogram='{real}/{name}'\n{(name == program ? script : "")}\nexec \"$program\" \"$@\"\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    public ToolsConfig Config => new() { PostgresBin = [_folder.Path] };

    public void Dispose() => _folder.Dispose();
}
