using System.CommandLine;
using System.CommandLine.Parsing;
using BackupSync.Alerting;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

/// <summary>Arguments and options that name what the configuration has, and complete it while a line is being typed.</summary>
static class ConfigNames
{
    public static Argument<string[]> Several(string name, string description, Func<BackupSyncConfig, IEnumerable<string>> known)
    {
        var names = new Argument<string[]>(name) { HelpName = name, Description = description, Arity = ArgumentArity.ZeroOrMore };
        names.Validators.Add(RefuseOptions);
        names.CompletionSources.Add(_ => Completions(known));
        return names;
    }

    static void RefuseOptions(ArgumentResult result)
    {
        if (result.Tokens.FirstOrDefault(t => t.Value.StartsWith('-')) is { } option)
            result.AddError($"There is no option '{option.Value}'.");
    }

    public static Argument<string> One(string name, string description, Func<BackupSyncConfig, IEnumerable<string>> known)
    {
        var one = new Argument<string>(name) { HelpName = name, Description = description };
        one.CompletionSources.Add(_ => Completions(known));
        return one;
    }

    /// <summary>Null where none is named.</summary>
    public static Argument<string?> OneIfAny(string name, string description, Func<BackupSyncConfig, IEnumerable<string>> known)
    {
        var one = new Argument<string?>(name) { HelpName = name, Description = description, Arity = ArgumentArity.ZeroOrOne };
        one.Validators.Add(RefuseOptions);
        one.CompletionSources.Add(_ => Completions(known));
        return one;
    }

    /// <param name="name">The option's, with its dashes.</param>
    public static Option<T> Option<T>(string name, string helpName, string description, Func<BackupSyncConfig, IEnumerable<string>> known)
    {
        var option = new Option<T>(name) { HelpName = helpName, Description = description };
        option.CompletionSources.Add(_ => Completions(known));
        return option;
    }

    public static Option<string?> Place(string description) => Option<string?>("--place", "place", description, Places);

    public static IEnumerable<string> Databases(BackupSyncConfig config) => config.Databases.Select(d => d.Name);

    public static IEnumerable<string> Places(BackupSyncConfig config) => config.Places.Select(p => p.Name);

    public static IEnumerable<string> Jobs(BackupSyncConfig config) => config.Jobs.Select(j => j.Name);

    public static IEnumerable<string> Plans(BackupSyncConfig config) => config.BackupPlans.Select(p => p.Name);

    public static IEnumerable<string> Channels(BackupSyncConfig config) => config.Alerts.Channels.Select(c => c.Name);

    /// <summary>Keys of alerts that go on.</summary>
    public static IEnumerable<string> Alerts(BackupSyncConfig config) =>
        new AlertOutbox(config.Alerts, TimeProvider.System).List().Select(a => a.Key);

    public static IEnumerable<string> JobsAndPlans(BackupSyncConfig config) => Jobs(config).Concat(Plans(config));

    /// <summary>A configuration that cannot be read completes nothing.</summary>
    public static IEnumerable<string> Completions(Func<BackupSyncConfig, IEnumerable<string>> known)
    {
        try
        {
            return ConfigurationFile.Find(null) is { } file ? [.. known(ConfigurationFile.Load(file))] : [];
        }
        catch (BackupSyncException)
        {
            return [];
        }
    }
}
