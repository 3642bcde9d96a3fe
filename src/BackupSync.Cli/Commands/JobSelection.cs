using System.CommandLine;
using System.CommandLine.Parsing;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Files;

namespace BackupSync.Cli.Commands;

/// <summary>Which jobs a command is about: those named, as arguments or with <c>--job</c>; or a directory instead.</summary>
/// <param name="takesDirectory">Whether it is about what jobs have left, wherever that is.</param>
sealed class JobSelection(bool takesDirectory)
{
    readonly Argument<string[]> _names = ConfigNames.Several("job", "The names of jobs", ConfigNames.Jobs);
    readonly Option<string[]> _job = ConfigNames.Option<string[]>("--job", "job", "The same, as an option", ConfigNames.Jobs);
    readonly Option<string?> _directory = CommonOptions.Directory();
    readonly Option<string?> _config = CommonOptions.Config();

    public void AddTo(Command command)
    {
        command.Arguments.Add(_names);
        _job.Aliases.Add("-j");
        command.Options.Add(_job);
        if (takesDirectory)
            command.Options.Add(_directory);
        command.Options.Add(_config);
        command.Validators.Add(result =>
        {
            if (HasDirectory(result) && (result.GetValue(_names) is { Length: > 0 } || result.GetResult(_job) is not null))
                result.AddError("--directory is where to look: jobs do not go with it.");
        });
    }

    public IReadOnlyList<string> Names(ParseResult parsed) => [.. parsed.GetValue(_names) ?? [], .. parsed.GetValue(_job) ?? []];

    public BackupSyncConfig LoadConfig(ParseResult parsed) => parsed.LoadConfig(_config);

    /// <summary>Null where none is named and none is found.</summary>
    public BackupSyncConfig? LoadConfigIfAny(ParseResult parsed) =>
        parsed.GetValue(_config) is not null || ConfigurationFile.Find(null) is not null ? LoadConfig(parsed) : null;

    public bool HasDirectory(SymbolResult result) => takesDirectory && result.GetResult(_directory) is not null;

    /// <summary>The directory that is named; null where none is.</summary>
    public JobFolder? Folder(ParseResult parsed) =>
        takesDirectory && parsed.GetValue(_directory) is { } directory ? JobFolder.At(GivenPath.Full(directory)) : null;
}
