using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using BackupSync.Alerting;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Scheduling;

namespace BackupSync.Module;

/// <summary>Completes names of the configuration that the command line being typed would use.</summary>
public abstract class ConfigurationCompleter : IArgumentCompleter
{
    /// <summary>The names, each with what its tooltip says.</summary>
    protected abstract IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config);

    /// <summary>The same, where other parameters say which.</summary>
    protected virtual IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config, IDictionary given) => Names(config);

    /// <summary>Whether what is typed is the beginning of a name.</summary>
    protected virtual bool Begins(string name, string typed) => name.StartsWith(typed, StringComparison.OrdinalIgnoreCase);

    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var typed = wordToComplete.Trim('\'', '"');
        return Load(fakeBoundParameters["Config"] as string) is not { } config ? [] :
        [
            .. Names(config, fakeBoundParameters)
                .Where(n => Begins(n.Name, typed))
                .Select(n => new CompletionResult(Quoted(n.Name), n.Name, CompletionResultType.ParameterValue, n.ToolTip)),
        ];
    }

    /// <summary>Null where there is none that can be read: a half-typed line is no place for errors.</summary>
    static BackupSyncConfig? Load(string? path)
    {
        try
        {
            using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
            var folder = shell.AddCommand("Get-Location").AddParameter("PSProvider", "FileSystem").Invoke<PathInfo>().Single().ProviderPath;
            return ConfigurationFile.Find(path, currentDirectory: folder) is { } file ? ConfigurationFile.Load(file) : null;
        }
        catch (BackupSyncException)
        {
            return null;
        }
    }

    static string Quoted(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && !name.StartsWith('-')
            ? name
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";
}

public sealed class JobNameCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        config.Jobs.Select(j => (j.Name, $"{j.Source} → {j.Target}"));
}

public sealed class DatabaseNameCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        config.Databases.Select(d => (d.Name, $"{d.Role}"));
}

/// <summary>What has a status: databases, then jobs.</summary>
public sealed class StatusNameCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        config.Databases.Select(d => (d.Name, $"{d.Role}")).Concat(config.Jobs.Select(j => (j.Name, $"{j.Source} → {j.Target}")));
}

/// <summary>What has a schedule: jobs, then plans.</summary>
public sealed class ScheduleNameCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        Schedules.KnownNames(config).Select(n => (n, n));
}

public sealed class PlanNameCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        config.BackupPlans.Select(
            p => (p.Name, $"{string.Join(", ", p.Databases.Select(d => d.Name))} → {string.Join(", ", p.Places.Select(l => l.Name))}"));
}

public sealed class PlaceNameCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        config.Places.Select(p => (p.Name, p is S3PlaceConfig s3 ? $"s3://{s3.Bucket}/{s3.Prefix}" : ((FolderPlaceConfig)p).Directory));
}

/// <summary>What runs are known by: jobs, plans, databases, and by-hand.</summary>
public sealed class HistoryNameCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        RunQuery.KnownNames(config).Select(n => (n, n));
}

public sealed class AlertChannelCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        config.Alerts.Channels.Select(c => (c.Name, c.Kind));
}

/// <summary>Keys of alerts that go on.</summary>
public sealed class AlertKeyCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        new AlertOutbox(config.Alerts, TimeProvider.System).List().Select(a => (a.Key, a.Headline));
}

public sealed class TagCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) =>
        LocalBackups.Tags(config).Select(t => (t, t));
}

/// <summary>
/// Tables of the backup that a path names, or of the newest of the database: of the one that is meant, or that a comparison reads first.
/// </summary>
public sealed class BackupTableCompleter : ConfigurationCompleter
{
    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config) => [];

    protected override IEnumerable<(string Name, string ToolTip)> Names(BackupSyncConfig config, IDictionary given) =>
        LocalBackups.Tables(config, Text(given, "Database") ?? Text(given, "Source") ?? LocalBackups.SourceOf(config, Text(given, "Job")),
            Text(given, "Path")).Select(t => (t, t));

    /// <summary>Also by its name without the schema.</summary>
    protected override bool Begins(string name, string typed) =>
        base.Begins(name, typed) || base.Begins(name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..], typed);

    static string? Text(IDictionary given, string parameter) => (given[parameter] is Array { Length: > 0 } several
        ? several.GetValue(0) : given[parameter])?.ToString();
}
