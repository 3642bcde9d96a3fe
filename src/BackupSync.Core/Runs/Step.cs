namespace BackupSync.Runs;

/// <summary>A step of an operation: what a plan tells beforehand, and a run then takes.</summary>
/// <param name="Title">What it does, in a few words: for progress and logs.</param>
/// <param name="Limit">Null where only the run's own limit holds.</param>
/// <param name="ErrorId">What a refusal of the server counts as where nothing more is known; null where it is what it is.</param>
sealed record Step(RunStep Name, string Title, StepLimit? Limit, string? ErrorId = null)
{
    /// <summary>What it does, as whoever is asked for consent should know it.</summary>
    public string Plan { get; init; } = Title;
}

/// <param name="Key">The key of the configuration that raises it, such as <c>limits.dump</c>; null where nobody can.</param>
sealed record StepLimit(TimeSpan Time, string? Key)
{
    /// <summary>What to do where it was not enough.</summary>
    public string Advice => Key is null
        ? "Find out what holds it up."
        : $"Raise {Key} if the database has grown; else find out what holds it up.";
}

/// <summary>A step as whoever asks for a plan sees it.</summary>
/// <param name="Limit">How long the step may take; null where only the run's own limit holds.</param>
public sealed record PlannedStep(RunStep Step, string Description, TimeSpan? Limit)
{
    internal static PlannedStep Of(Step step) => new(step.Name, step.Plan, step.Limit?.Time);
}
