using BackupSync.Configuration;

namespace BackupSync.Application;

/// <summary>The two databases that a command names.</summary>
public static class ComparedPair
{
    /// <exception cref="ConfigurationException">The URL of one cannot be used.</exception>
    public static (DatabaseConfig Source, DatabaseConfig Target) Of(JobConfig job)
    {
        job.EnsureAddresses();
        return (job.SourceDatabase, job.TargetDatabase);
    }

    /// <param name="source">
    /// A name of the configuration, or a URL; null where it was not given, so also <paramref name="target"/>. Without both they are
    /// those of the only job.
    /// </param>
    /// <param name="load">Reads the configuration; not called where two URLs need none.</param>
    /// <exception cref="BackupSyncException">One is missing or not known.</exception>
    public static (DatabaseConfig Source, DatabaseConfig Target) Of(
        GivenDatabase? source, GivenDatabase? target, Func<BackupSyncConfig> load)
    {
        if (source is null && target is null)
            return Of(load().OnlyJob());
        if (source is null || target is null)
        {
            // What was given may be a URL with a password.
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid, "One database alone cannot be compared.",
                $"Name two databases, or a job by {Spelling.Job}.");
        }
        BackupSyncConfig? config = null;
        var pair = (Source: Database(source), Target: Database(target));
        // Two URLs may well lead to databases of one name.
        if (pair.Source.Name == pair.Target.Name && source != target)
            pair = (pair.Source with { Name = $"{pair.Source.Name}-source" }, pair.Target with { Name = $"{pair.Target.Name}-target" });
        return pair;

        DatabaseConfig Database(GivenDatabase given) =>
            given.IsAddress ? AdHocJob.Database(given) : given.In(config ??= load());
    }
}
