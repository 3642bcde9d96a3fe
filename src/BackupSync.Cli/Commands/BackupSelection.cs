using System.CommandLine;
using System.CommandLine.Parsing;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Configuration;

namespace BackupSync.Cli.Commands;

/// <summary>Which backups a command is about: those of databases that match, or files.</summary>
sealed class BackupSelection
{
    readonly Argument<string[]> _databases = ConfigNames.Several(
        "database", "The databases whose backups are meant; all where none is named", ConfigNames.Databases);
    readonly Option<bool> _latest = new("--latest")
    {
        Description = "The newest good one of each database: what restore would take",
    };
    readonly Option<DateTimeOffset?> _before = CommonOptions.Moment(
        "--before", "The newest good one of each taken at this moment or before");
    readonly Option<string?> _tag = CommonOptions.Tag("The newest good one of each with this tag; * and ? match");
    readonly Option<bool> _all = new("--all") { Description = "Every one that matches, good or not" };
    readonly Option<string?> _place = ConfigNames.Place("Only those in this place");
    readonly Option<string[]> _path = new("--path") { Description = "A backup's file instead, its manifest beside it", HelpName = "file" };
    readonly Option<bool>? _unauthenticated;
    readonly Option<string?> _config = CommonOptions.Config();

    /// <param name="asksForUnauthenticated">Whether it takes an option for those that are not known to be ours.</param>
    public BackupSelection(bool asksForUnauthenticated = true) =>
        _unauthenticated = asksForUnauthenticated ? CommonOptions.Unauthenticated() : null;

    /// <param name="isMeantOtherwise">Whether the command's own words say which are meant.</param>
    public void AddTo(Command command, Func<CommandResult, bool>? isMeantOtherwise = null)
    {
        command.Arguments.Add(_databases);
        foreach (var option in (Option[])[_latest, _before, _tag, _all, _place, _path, _config])
            command.Options.Add(option);
        if (_unauthenticated is not null)
            command.Options.Add(_unauthenticated);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_path) is null)
                result.Refuse(isMeantOtherwise?.Invoke(result) == true || HasUnknownOption(result) ? null : OptionRules.Backups(
                    result.GetValue(_latest), result.GetResult(_before) is not null, result.GetResult(_tag) is not null,
                    result.GetValue(_all)));
            else if (Asks(result))
                result.AddError("--path names a backup: databases, --latest, --before, --tag, --all and --place do not go with it.");
        });
    }

    /// <summary>A backup with what it takes to read it, as the options allow.</summary>
    public BackupHandle Handle(ParseResult parsed, BackupFile backup, BackupSyncConfig? config) =>
        BackupHandles.Of(backup, config) with { Unauthenticated = IsUnauthenticatedAllowed(parsed) };

    /// <summary>Whether anything says which are meant.</summary>
    public bool IsUsed(SymbolResult result) => Asks(result) || result.GetResult(_path) is not null;

    bool Asks(SymbolResult result) => result.GetValue(_databases) is { Length: > 0 }
        || ((Option[])[_latest, _before, _tag, _all, _place]).Any(o => result.GetResult(o) is not null);

    /// <summary>It is taken for a name, and told of by itself.</summary>
    bool HasUnknownOption(SymbolResult result) => result.GetValue(_databases)?.Any(n => n.StartsWith('-')) == true;

    /// <summary>Whether backups are named by their paths.</summary>
    public bool IsNamed(ParseResult parsed) => parsed.GetResult(_path) is not null;

    bool IsUnauthenticatedAllowed(ParseResult parsed) => _unauthenticated is null || parsed.GetValue(_unauthenticated);

    /// <summary>Null where there is none: a backup's file tells enough of itself.</summary>
    public BackupSyncConfig? Config(ParseResult parsed) =>
        parsed.GetResult(_path) is not null && ConfigurationFile.Find(parsed.GetValue(_config)) is null ? null : parsed.LoadConfig(_config);

    /// <inheritdoc cref="FoundBackups.FindAsync"/>
    public async Task<FoundBackups> FindAsync(ParseResult parsed, BackupSyncConfig? config, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_path) is { Length: > 0 } files)
            return new FoundBackups([.. files.Select(Open)]);
        var query = new BackupQuery
        {
            Databases = [.. (parsed.GetValue(_databases) ?? []).Distinct()],
            Before = parsed.GetValue(_before),
            Tag = parsed.GetValue(_tag),
            Place = parsed.GetValue(_place),
            Unauthenticated = IsUnauthenticatedAllowed(parsed),
        };
        var all = parsed.GetValue(_all);
        var found = await FoundBackups.FindAsync(query, all, config!, Failures.Warn, cancellationToken);
        if (all && found.Backups.Count > 0)
            await Console.Error.WriteLineAsync(found.HowMany);
        // Where there is nothing to do, the last one is the command's failure.
        foreach (var missing in found.Backups.Count == 0 ? found.Missing.SkipLast(1) : found.Missing)
            Failures.Show(missing.Why);
        return found.Backups.Count == 0 ? throw found.Missing[^1].Why : found;
    }

    public static BackupFile Open(string path) => FoundBackups.Open(path, p => p);
}
