namespace BackupSync.Application;

/// <summary>
/// Which options do not go together, or not alone, said in the words of both heads: null where they do. What parameter sets tell by
/// themselves, the command line refuses by itself.
/// </summary>
public static class OptionRules
{
    public static string? Keep(bool pin, bool keepDays) =>
        pin && keepDays ? $"{Spelling.Pin} is for ever, {Spelling.KeepDays} is not: say one of them." : null;

    public static string? Labels(bool tag, bool noTag, bool pin, bool unpin, bool keepDays) =>
        tag && noTag ? $"{Spelling.Tag} and {Spelling.NoTag} are the contrary of each other: say one of them."
        : pin && unpin ? $"{Spelling.Pin} and {Spelling.Unpin} are the contrary of each other: say one of them."
        : tag || noTag || pin || unpin || keepDays ? Keep(pin, keepDays)
        : $"Say what is to be changed: {Spelling.Tag}, {Spelling.NoTag}, {Spelling.Pin}, {Spelling.Unpin} or {Spelling.KeepDays}.";

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

    /// <summary>A restore is of the newest only where that is said.</summary>
    public static string? Restore(bool latest, bool before, bool tag) => latest || before || tag ? null
        : $"Say which backup is meant: {Spelling.Latest}, {Spelling.Before} or {Spelling.Tag}, or a file by {Spelling.Path}.";
}
