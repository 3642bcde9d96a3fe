using System.Text;
using BackupSync.Files;
using YamlDotNet.Core;

namespace BackupSync.Configuration;

/// <summary>
/// Finds, reads and checks <c>backupsync.yml</c>. This is the edge: nothing below it knows of YAML or of environment
/// variables.
/// </summary>
public static class ConfigurationFile
{
    /// <summary>The environment variable that names the file.</summary>
    public const string Variable = "BACKUPSYNC_CONFIG";

    static readonly string[] Names = ["backupsync.yml", "backupsync.yaml"];

    /// <summary>A configuration has a few kilobytes; what has more than this is some other file.</summary>
    const long LargestFile = 1_000_000;

    /// <summary>
    /// A commented configuration to begin with. It is valid once <c>RAILWAY_DATABASE_URL</c> and <c>DATABASE_URL</c> are set.
    /// </summary>
    public static string Starter
    {
        get
        {
            using var stream = typeof(ConfigurationFile).Assembly.GetManifestResourceStream("starter.yml")!;
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return reader.ReadToEnd();
        }
    }

    /// <summary>
    /// Reads a configuration that can be used. A URL or passphrase that needs a variable or a file that is not there fails when it is used.
    /// </summary>
    /// <param name="environment">Environment variables by name; null for those of this process.</param>
    /// <exception cref="ConfigurationException">It cannot be used; all problems are told.</exception>
    /// <exception cref="BackupSyncException">There is no such file.</exception>
    public static BackupSyncConfig Load(string path, Func<string, string?>? environment = null)
    {
        var (config, reader) = Read(path, environment);
        return reader.Problems.Count == 0 ? config! : throw new ConfigurationException(reader.Problems);
    }

    /// <summary>
    /// All that is wrong with a configuration on this machine, unset environment variables and missing files included; nothing if it is
    /// good. No command is run for it, and no vault asked.
    /// </summary>
    /// <param name="environment">Environment variables by name; null for those of this process.</param>
    /// <exception cref="BackupSyncException">There is no such file.</exception>
    public static IReadOnlyList<ConfigurationProblem> Check(string path, Func<string, string?>? environment = null)
    {
        try
        {
            var (_, reader) = Read(path, environment);
            return [.. reader.Problems.Concat(reader.HeldBack).Concat(reader.Warnings).OrderBy(p => p.Line).ThenBy(p => p.Column)];
        }
        catch (ConfigurationException e)
        {
            return e.Problems;
        }
    }

    /// <summary>
    /// The file to use: the one named, else the one that <see cref="Variable"/> names, else <c>backupsync.yml</c> or
    /// <c>backupsync.yaml</c> in the current folder or the nearest one above, as far as these are the user's own. Null where
    /// there is none; a file that is named is not looked at.
    /// </summary>
    /// <param name="environment">Environment variables by name; null for those of this process.</param>
    /// <param name="currentDirectory">Where paths are relative to; null for this process's.</param>
    public static string? Find(string? explicitPath, Func<string, string?>? environment = null, string? currentDirectory = null)
    {
        var start = currentDirectory ?? Directory.GetCurrentDirectory();
        var named = !string.IsNullOrEmpty(explicitPath) ? explicitPath : (environment ?? Environment.GetEnvironmentVariable)(Variable);
        if (!string.IsNullOrEmpty(named))
            return GivenPath.Full(named, start);

        for (var folder = new DirectoryInfo(start); folder is not null; folder = Above(folder))
        {
            var found = Names.Select(n => Path.Join(folder.FullName, n)).FirstOrDefault(File.Exists);
            if (found is not null)
                return found;
        }
        return null;
    }

    /// <summary>The folder above, where it is the user's own: what others left in theirs is not meant for him.</summary>
    static DirectoryInfo? Above(DirectoryInfo folder) =>
        folder.Parent is { } parent && (OperatingSystem.IsWindows() || UnixFile.Of(parent.FullName, follow: true)?.Owner == UnixFile.Self)
            ? parent
            : null;

    /// <summary>As <see cref="Find"/>, where a configuration is needed.</summary>
    /// <exception cref="BackupSyncException">There is none; the message says where it was looked for.</exception>
    public static string Locate(string? explicitPath, Func<string, string?>? environment = null, string? currentDirectory = null) =>
        Find(explicitPath, environment, currentDirectory) ?? throw new BackupSyncException(
            ErrorIds.ConfigurationNotFound,
            $"There is no configuration: {string.Join(" or ", Names)} is neither in "
                + $"{currentDirectory ?? Directory.GetCurrentDirectory()} nor in a folder above it that is yours, and {Variable} is "
                + "not set.",
            $"Name the configuration file, set {Variable} to its path, or write a starter and fill it in.");

    static (BackupSyncConfig? Config, ConfigurationReader Reader) Read(string path, Func<string, string?>? environment)
    {
        var file = GivenPath.Full(path);
        var text = ReadText(file);
        var reader = new ConfigurationReader(file, environment ?? Environment.GetEnvironmentVariable);
        try
        {
            var root = YamlTree.Read(text)
                ?? throw Unusable(file, "is empty. Write at least 'databases' into it, and 'jobs' or 'backupPlans'.");
            if (root is not YamlMap)
                throw new ConfigurationException([new ConfigurationProblem(
                    file,
                    root.Line,
                    root.Column,
                    "",
                    "this is no configuration: it must have the key databases, and jobs or backupPlans beside it")]);
            return (reader.Read(root), reader);
        }
        catch (YamlException e)
        {
            var message = e.InnerException?.Message ?? e.Message;
            var (line, column) = IndentingTab(text) is { } tab && message.Contains(" tab", StringComparison.Ordinal)
                ? tab
                : ((int)e.Start.Line, (int)e.Start.Column);
            throw new ConfigurationException([new ConfigurationProblem(file, line, column, "", $"this is not YAML: {message}")]);
        }
    }

    static string ReadText(string file)
    {
        if (Directory.Exists(file))
            throw Unusable(file, "is a folder, not a file.");
        try
        {
            if (ConfigurationTrust.Fault(file) is { } fault)
                throw Unusable(file, fault);
            if (!PlatformFiles.IsRegularOrMissing(file))
                throw Unusable(file, "is no regular file.");
            if (new FileInfo(file).Length > LargestFile)
                throw Unusable(file, "is too large to be a configuration.");
            // A byte order mark says which Unicode it is; without one it is UTF-8.
            using var reader = new StreamReader(
                file, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true);
            var text = reader.ReadToEnd();
            return text.Contains('\0', StringComparison.Ordinal) ? throw Unusable(file, "is not a text file.") : text;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BackupSyncException(ErrorIds.ConfigurationNotFound, $"There is no configuration file {file}.");
        }
        catch (UnauthorizedAccessException)
        {
            throw Unusable(file, "cannot be read: access is denied.");
        }
        catch (DecoderFallbackException)
        {
            throw Unusable(file, "is not a text file in UTF-8.");
        }
        catch (IOException e)
        {
            throw Unusable(file, $"cannot be read: {e.Message}");
        }
    }

    /// <summary>YamlDotNet tells of a tab only in which mapping it is.</summary>
    static (int Line, int Column)? IndentingTab(string text)
    {
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var indentation = lines[i].Length - lines[i].TrimStart(' ', '\t').Length;
            var tab = lines[i].AsSpan(0, indentation).IndexOf('\t');
            if (tab >= 0)
                return (i + 1, tab + 1);
        }
        return null;
    }

    static ConfigurationException Unusable(string file, string fault) => new([new ConfigurationProblem(file, 0, 0, "", fault)]);
}
