namespace BackupSync.Application;

/// <summary>
/// Which options do not go together, or not alone, said in the words of both heads: null where they do. What parameter sets tell by
/// themselves, the command line refuses by itself.
/// </summary>
public static class OptionRules
{
    public static string? Keep(bool pin, bool keepDays) =>
        pin && keepDays ? $"{Spelling.Pin} is for ever, {Spelling.KeepDays} is not: say one of them." : null;

    public static string? Labels(bool tag, bool noTag, bool pin, bool unpin, bool keepDays, bool noKeepDays) =>
        tag && noTag ? $"{Spelling.Tag} and {Spelling.NoTag} are the contrary of each other: say one of them."
        : pin && unpin ? $"{Spelling.Pin} and {Spelling.Unpin} are the contrary of each other: say one of them."
        : keepDays && noKeepDays ? $"{Spelling.KeepDays} and {Spelling.NoKeepDays} are the contrary of each other: say one of them."
        : tag || noTag || pin || unpin || keepDays || noKeepDays ? Keep(pin, keepDays)
        : $"Say what is to be changed: {Spelling.Tag}, {Spelling.NoTag}, {Spelling.Pin}, {Spelling.Unpin}, {Spelling.KeepDays} or "
            + $"{Spelling.NoKeepDays}.";

    public static string? CleanUp(bool keepDays, bool places) => keepDays && places
        ? $"{Spelling.KeepDays} is for jobs: what is in a place is kept as the plans say that took it. Leave it or {Spelling.Place} out."
        : null;

    public static string? Comparison(bool quiet, bool detail) =>
        quiet && detail ? $"{Spelling.Quiet} tells only whether they are equal: {Spelling.Detail} does not go with it." : null;

    /// <summary>
    /// Of what is done to backups: with words that a restore has, to the one of each database that it would take; to every one only where
    /// that is said.
    /// </summary>
    /// <param name="tag">Null where a tag chooses none.</param>
    public static string? Backups(bool latest, bool before, bool? tag, bool all) =>
        latest && all ? $"{Spelling.Latest} is one of each database, {Spelling.All} is every one that matches: say one of them."
        : latest || before || tag == true || all ? null
        : "Say which backups are meant: "
            + (tag is null ? $"{Spelling.Latest} or {Spelling.Before} " : $"{Spelling.Latest}, {Spelling.Before} or {Spelling.Tag} ")
            + $"for the one of each database that a restore would take, {Spelling.All} for every one that matches, or a file by "
            + $"{Spelling.Path}.";

    public static string? Target(bool to, bool toUrl) => to && toUrl
        ? $"{Spelling.To} is a database of the configuration, {Spelling.TargetUrl} any other: say one of them."
        : null;

    /// <summary>The last run of a job is undone only where that is said.</summary>
    public static string? SafetyRestore(bool file, bool job, bool latest, bool targetUrl) =>
        file && latest ? $"A backup's file is that one: {Spelling.Latest} is for {Spelling.Job}."
        : file ? null
        : !job || !latest ? $"Name a backup's file, or a job with {Spelling.Job}, and {Spelling.Latest} to undo its last run."
        : targetUrl ? $"{Spelling.TargetUrl} is for a backup's file: with {Spelling.Latest} it is the target of the job."
        : null;

    /// <summary>A file says not where it is to go.</summary>
    public static string? Import(bool to, bool toUrl) => to || toUrl ? Target(to, toUrl)
        : $"Say which database's content it replaces: {Spelling.To}, or any other by {Spelling.TargetUrl}.";

    /// <summary>Of a backup that is taken of a database that its URL names.</summary>
    public static string? Backup(bool databases, bool all, bool url, bool directory, bool place) =>
        url && (databases || all) ? $"{Spelling.Url} is one database: names and {Spelling.All} do not go with it."
        : directory && !url ? $"{Spelling.Directory} is for {Spelling.Url}: backups of the configuration's databases go to its places."
        : directory && place ? $"{Spelling.Directory} is a folder, {Spelling.Place} a place of the configuration: say one of them."
        : null;

    /// <summary>A restore is of the newest only where that is said.</summary>
    public static string? Restore(bool latest, bool before, bool tag) => latest || before || tag ? null
        : $"Say which backup is meant: {Spelling.Latest}, {Spelling.Before} or {Spelling.Tag}, or a file by {Spelling.Path}.";
}
