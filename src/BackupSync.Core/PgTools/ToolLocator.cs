using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using BackupSync.Configuration;
using BackupSync.Postgres;

namespace BackupSync.PgTools;

/// <summary>Finds PostgreSQL's programs: all versions that are installed, so that the fitting one can be chosen.</summary>
/// <remarks>
/// The folders of the configuration come first, then the PATH and the usual places. Debian's <c>/usr/bin/pg_dump</c> is a
/// script that picks a version by rules of its own: it is passed over for the real ones.
/// </remarks>
sealed partial class ToolLocator
{
    /// <summary>Of programs asked before in this process. The file's time is part of the key: an upgrade may replace it.</summary>
    static readonly ConcurrentDictionary<(string Path, DateTime Written), PgVersion> Versions = new();

    readonly IReadOnlyList<string> _configured;
    readonly Func<IEnumerable<string>> _usual;

    public ToolLocator(ToolsConfig config) : this(config, config.PassOverUsual ? () => [] : ToolFolders.Usual)
    {
    }

    internal ToolLocator(ToolsConfig config, Func<IEnumerable<string>> usual)
    {
        _configured = config.PostgresBin;
        _usual = usual;
    }

    /// <summary>
    /// The set to use with servers up to a major version: the oldest that is at least as new, because the newer a pg_restore,
    /// the more of what it sends is unknown to an older server. A fitting set of the configured folders goes before all others.
    /// </summary>
    /// <param name="warn">Told where none of the configured folders can serve, and why.</param>
    /// <exception cref="BackupSyncException">None is new enough, or there is none.</exception>
    public async Task<PgToolset> FindAsync(int minimumMajor, CancellationToken ct, Action<string>? warn = null)
    {
        var all = await FindAllAsync(ct);
        var fitting = all.Where(t => t.Version.Major >= minimumMajor).ToList();
        var found = fitting
            .OrderBy(t => IsConfigured(t.Directory) ? 0 : 1)
            .ThenBy(t => t.Version.Major)
            .ThenByDescending(t => t.Version)
            .FirstOrDefault() ?? throw Missing(minimumMajor, all);
        if (_configured.Count > 0 && !IsConfigured(found.Directory))
        {
            var reasons = _configured.Select(f => all.FirstOrDefault(t => t.Directory == f) is { } tools
                ? $"{f} has version {tools.Version}" : $"{f} lacks pg_dump, pg_restore or psql, or they do not run");
            warn?.Invoke($"tools.postgresBin is of no use for a server of version {minimumMajor}: {string.Join("; ", reasons)}. "
                + $"{found} is used instead.");
        }
        return found;
    }

    /// <summary>Every set of client programs, in the order of the folders.</summary>
    public async Task<IReadOnlyList<PgToolset>> FindAllAsync(CancellationToken ct)
    {
        var found = new List<PgToolset>();
        foreach (var folder in Folders("pg_dump"))
        {
            if (Program(folder, "pg_dump") is { } dump && Program(folder, "pg_restore") is { } restore
                && Program(folder, "psql") is { } psql
                && await VersionAsync(dump, ct) is { } version)
                found.Add(new PgToolset(version, folder, dump, restore, psql));
        }
        return found;
    }

    /// <summary>
    /// The newest server programs of a major version or, where none is named, the newest that the client programs can work with. What is
    /// not released yet comes last. Null where there are none.
    /// </summary>
    /// <param name="orNewer">Where there are none of the major version, the oldest newer ones will do.</param>
    public async Task<PgServerPrograms?> FindServerProgramsAsync(int? major, CancellationToken ct, bool orNewer = false)
    {
        var found = new List<PgServerPrograms>();
        foreach (var folder in Folders("postgres"))
        {
            if (Program(folder, "initdb") is { } initDb && Program(folder, "pg_ctl") is { } pgCtl
                && Program(folder, "postgres") is { } postgres
                && await VersionAsync(postgres, ct) is { } version
                && (major is null || version.Major == major
                    || (orNewer && version.Major > major)))
                found.Add(new PgServerPrograms(version, folder, initDb, pgCtl, postgres));
        }
        var tools = await FindAllAsync(ct);
        var newestTools = tools.Count > 0 ? tools.Max(t => t.Version.Major) : int.MaxValue;
        return found
            .OrderBy(s => s.Version.Major <= newestTools ? 0 : 1)
            .ThenBy(s => s.Version.Major == major ? 0 : 1)
            .ThenBy(s => s.Version.IsReleased ? 0 : 1)
            .ThenBy(s => major is null ? 0 : s.Version.Major)
            .ThenByDescending(s => s.Version)
            .FirstOrDefault();
    }

    internal static PgVersion? ParseVersion(string text) =>
        VersionNumber().Match(text) is { Success: true } match ? PgVersion.TryParse(match.Groups[1].Value) : null;

    /// <summary>Folders that hold the program, each real one once, though links lead there by several names.</summary>
    IEnumerable<string> Folders(string program) => _configured
        .Concat(_usual())
        .Where(folder => Program(folder, program) is not null)
        .DistinctBy(folder => RealPath(Program(folder, program)!));

    bool IsConfigured(string folder) => _configured.Contains(folder);

    static string? Program(string folder, string name)
    {
        var path = Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);
        return File.Exists(path) && Path.GetFileName(RealPath(path)) != "pg_wrapper" ? path : null;
    }

    static string RealPath(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? RealFolder(path);

    static string RealFolder(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        return Directory.ResolveLinkTarget(folder, returnFinalTarget: true) is { } target
            ? Path.Combine(target.FullName, Path.GetFileName(path))
            : path;
    }

    /// <summary>Null where the program does not run or answers something else: it is no use then, and another may be.</summary>
    static async Task<PgVersion?> VersionAsync(string program, CancellationToken ct)
    {
        var key = (program, File.GetLastWriteTimeUtc(program));
        if (Versions.TryGetValue(key, out var known))
            return known;
        ChildResult result;
        try
        {
            result = await ChildProcess.RunAsync(new ChildCommand(program, "--version"), ct);
        }
        catch (BackupSyncException e) when (e.ErrorId == ErrorIds.ToolMissing)
        {
            return null;
        }
        if (result.ExitCode != 0 || ParseVersion(result.Output) is not { } version)
            return null;
        Versions[key] = version;
        return version;
    }

    static BackupSyncException Missing(int minimumMajor, IReadOnlyList<PgToolset> found)
    {
        if (found.Count == 0)
            return new BackupSyncException(ErrorIds.ToolMissing,
                $"PostgreSQL's pg_dump, pg_restore and psql, version {minimumMajor} or newer, were found neither on the PATH, nor in "
                    + "the usual folders, nor in tools.postgresBin.",
                InstallAdvice.ForTools(minimumMajor));
        return new BackupSyncException(ErrorIds.ToolTooOld,
            $"pg_dump and pg_restore {minimumMajor} or newer are needed for a server of version {minimumMajor}; found: "
                + $"{string.Join(", ", found)}.",
            InstallAdvice.ForTools(minimumMajor));
    }

    /// <summary>As in "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "psql (PostgreSQL) 18beta2".</summary>
    [GeneratedRegex(@"\(PostgreSQL\)\s+(\S+)")]
    internal static partial Regex VersionNumber();
}
