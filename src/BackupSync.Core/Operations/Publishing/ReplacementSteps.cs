using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Operations.Publishing;

/// <summary>The steps that replace a target's content, in one of the two ways.</summary>
/// <param name="mode">How it is published; <see cref="PublishMode.Auto"/> while that is not known.</param>
/// <param name="content">Whether the content of rows is compared, and not only their number.</param>
/// <param name="skipsRefused">Whether what the server refuses to create is left out.</param>
sealed class ReplacementSteps(Endpoint target, RunSettings settings, PublishMode mode, bool content = true, bool skipsRefused = false)
{
    public Step Restore { get; } = new(
        RunStep.Restore, $"Restore into {target.Name} ({Way(mode)})", settings.RestoreLimit, ErrorIds.RestoreFailed)
    {
        Plan = $"Restore for {target.Name} {PlannedWay(mode)}, out of sight"
            + (skipsRefused ? "; leave out, and name, what its server refuses to create, but no rows" : ""),
    };

    public Step Verify { get; } = new(RunStep.Verify, "Verify before publishing", settings.RestoreLimit, ErrorIds.VerificationFailed)
    {
        Plan = $"Compare rows{(content ? " and content" : "")} of every table"
            + (skipsRefused ? " and sequences with the snapshot" : ", sequences and all other objects with the snapshot"),
    };

    public Step Publish { get; } = new(RunStep.Publish, $"Publish {target.Name}", settings.RestoreLimit, ErrorIds.PublishFailed)
    {
        Plan = $"Publish: {PlannedPublish(mode, target.Pooler is not null)}",
    };

    public Step CheckPublished { get; } = new(
        RunStep.CheckPublished, $"Check {target.Name} by its public address", settings.RestoreLimit, ErrorIds.VerificationFailed)
    {
        Plan = $"Check {target.Name} by its public address; undo on any difference",
    };

    public IReadOnlyList<Step> All => [Restore, Verify, Publish, CheckPublished];

    static string Way(PublishMode mode) => mode == PublishMode.Swap ? "beside the old database" : "in one transaction";

    static string PlannedWay(PublishMode mode) => mode switch
    {
        PublishMode.Swap => "into a new database beside it",
        PublishMode.Transaction => "in one transaction",
        _ => "into a new database beside it, or in one transaction where the role may not create databases",
    };

    static string PlannedPublish(PublishMode mode, bool hasPooler)
    {
        var pooled = hasPooler
            ? "; its PgBouncer's clients wait meanwhile"
            : "; clients that come through a PgBouncer may be refused for 15 s, unless its console is named as the database's pooler";
        return mode switch
        {
            PublishMode.Swap => $"rename both databases in one transaction; sessions on the old one are ended{pooled}",
            PublishMode.Transaction => "commit",
            _ => $"rename both databases in one transaction{pooled}; or commit",
        };
    }
}
