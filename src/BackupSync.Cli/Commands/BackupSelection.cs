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
    readonly Option<string?>? _tag;
    readonly Option<bool> _all = new("--all") { Description = "Every one that matches, good or not" };
    readonly Option<string?> _place = ConfigNames.Place("Only those in this place");
    readonly Option<string[]> _path = new("--path") { Description = "A backup's file instead, its manifest beside it", HelpName = "file" };
    readonly Option<bool>? _unauthenticated;
    readonly Option<string?> _config = CommonOptions.Config();

    /// <param name="asksForUnauthenticated">Whether it takes an option for those that are not known to be ours.</param>
    /// <param name="byTag">Whether a tag chooses them.</param>
    public BackupSelection(bool asksForUnauthenticated = true, bool byTag = true)
    {
        _unauthenticated = asksForUnauthenticated ? CommonOptions.Unauthenticated() : null;
        _tag = byTag ? CommonOptions.Tag("The newest good one of each with this tag; * and ? match") : null;
    }

    public void AddTo(Command command)
    {
        command.Arguments.Add(_databases);
        foreach (var option in new Option?[] { _latest, _before, _tag, _all, _place, _path, _config, _unauthenticated }.OfType<Option>())
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (Asks(result) && result.GetResult(_path) is not null)
                result.AddError("--path names a backup: databases, --latest, --before, "
                    + $"{(_tag is null ? "" : "--tag, ")}--all and --place do not go with it.");
        });
    }

    /// <summary>A backup with what it takes to read it, as the options allow.</summary>
    public BackupHandle Handle(ParseResult parsed, BackupFile backup, BackupSyncConfig? config) =>
        BackupHandles.Of(backup, config) with { Unauthenticated = IsUnauthenticatedAllowed(parsed) };

    /// <summary>Whether anything says which are meant.</summary>
    public bool IsUsed(SymbolResult result) => Asks(result) || result.GetResult(_path) is not null;

    bool Asks(SymbolResult result) => result.GetValue(_databases) is { Length: > 0 }
        || new Option?[] { _latest, _before, _tag, _all, _place }.OfType<Option>().Any(o => result.GetResult(o) is not null);

    /// <summary>Whether backups are named by their paths.</summary>
    public bool IsNamed(ParseResult parsed) => parsed.GetResult(_path) is not null;

    bool IsUnauthenticatedAllowed(ParseResult parsed) => _unauthenticated is null || parsed.GetValue(_unauthenticated);

    /// <summary>Null where there is none: a backup's file tells enough of itself.</summary>
    public BackupSyncConfig? Config(ParseResult parsed) =>
        parsed.GetResult(_path) is not null && ConfigurationFile.Find(parsed.GetValue(_config)) is null ? null : parsed.LoadConfig(_config);

    /// <inheritdoc cref="FoundBackups.FindAsync"/>
    /// <param name="mayFindNone">Whether it is left to the command to tell that of all backups, of whatever database, none matches.</param>
    public async Task<FoundBackups> FindAsync(
        ParseResult parsed, BackupSyncConfig? config, CancellationToken cancellationToken, bool mayFindNone = false)
    {
        if (parsed.GetValue(_path) is { Length: > 0 } files)
            return Told(parsed, Opened(files));
        // Not while the line is read: what is wrong with an option would not be told.
        if (OptionRules.Backups(
            parsed.GetValue(_latest), parsed.GetResult(_before) is not null, _tag is null ? null : parsed.GetResult(_tag) is not null,
            parsed.GetValue(_all)) is { } refusal)
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid, refusal);
        var query = new BackupQuery
        {
            Databases = [.. (parsed.GetValue(_databases) ?? []).Distinct()],
            Before = parsed.GetValue(_before),
            Tag = _tag is null ? null : parsed.GetValue(_tag),
            Place = parsed.GetValue(_place),
            Unauthenticated = IsUnauthenticatedAllowed(parsed),
        };
        var all = parsed.GetValue(_all);
        var found = await FoundBackups.FindAsync(query, all, config!, Failures.Warn, cancellationToken);
        if (all && found.Backups.Count > 0)
            await Console.Error.WriteLineAsync(found.HowMany);
        return all && mayFindNone && found.Missing is [{ Database: null }] ? found : Told(parsed, found);
    }

    /// <summary>What is there, when what is not was told; where there is nothing to do, the last one is the command's failure.</summary>
    static FoundBackups Told(ParseResult parsed, FoundBackups found)
    {
        foreach (var missing in found.Backups.Count == 0 ? found.Missing.SkipLast(1) : found.Missing)
            Failures.Show(CommandLine.Answered(parsed, missing.Why));
        return found.Backups.Count == 0 ? throw found.Missing[^1].Why : found;
    }

    /// <summary>One that is not there does not stop the others.</summary>
    static FoundBackups Opened(IEnumerable<string> files)
    {
        var found = new List<BackupFile>();
        var missing = new List<MissingBackup>();
        foreach (var file in files)
        {
            try
            {
                found.Add(Open(file));
            }
            catch (BackupSyncException failure)
            {
                missing.Add(new MissingBackup(null, failure));
            }
        }
        return new FoundBackups(found, 0, missing);
    }

    public static BackupFile Open(string path) => FoundBackups.Open(path, p => p);
}
