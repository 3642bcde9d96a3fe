using System.CommandLine;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

/// <summary>Which jobs a command is about: those named, as arguments or with <c>--job</c>.</summary>
sealed class JobSelection
{
    readonly Argument<string[]> _names = ConfigNames.Several("job", "The names of jobs", ConfigNames.Jobs);
    readonly Option<string[]> _job = ConfigNames.Option<string[]>("--job", "job", "The same, as an option", ConfigNames.Jobs);
    readonly Option<string?> _config = CommonOptions.Config();

    public void AddTo(Command command)
    {
        command.Arguments.Add(_names);
        _job.Aliases.Add("-j");
        command.Options.Add(_job);
        command.Options.Add(_config);
    }

    public IReadOnlyList<string> Named(ParseResult parsed) => [.. parsed.GetValue(_names) ?? [], .. parsed.GetValue(_job) ?? []];

    public BackupSyncConfig LoadConfig(ParseResult parsed) => parsed.LoadConfig(_config);

    /// <summary>Those named; all of the configuration where none is.</summary>
    public IReadOnlyList<JobConfig> Resolve(ParseResult parsed) => Resolve(parsed, config => config.Jobs);

    /// <summary>Those named; the only one of the configuration where none is, for what must not happen to a job by accident.</summary>
    public IReadOnlyList<JobConfig> ResolveNamedOrOnly(ParseResult parsed) => Resolve(parsed, config => [config.OnlyJob()]);

    IReadOnlyList<JobConfig> Resolve(ParseResult parsed, Func<BackupSyncConfig, IReadOnlyList<JobConfig>> otherwise)
    {
        var config = LoadConfig(parsed);
        var names = Named(parsed);
        return names.Count == 0 ? otherwise(config) : [.. names.Select(config.Job)];
    }
}
