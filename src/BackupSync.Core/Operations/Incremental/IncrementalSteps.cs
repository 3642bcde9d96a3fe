using BackupSync.Configuration;
using BackupSync.Operations.Sides;
using BackupSync.Runs;

namespace BackupSync.Operations.Incremental;

/// <summary>The steps of an incremental run. Those of a full sync follow where only that will do.</summary>
sealed class IncrementalSteps(SyncRequest request)
{
    readonly string _source = request.Source.Name, _target = request.Target.Name;
    readonly RunSettings _settings = request.Settings;

    public Step Lock => SideSteps.Lock(request.Target, _settings);

    public Step Check => SideSteps.CheckBoth(_settings, $"Connect to {_source} and {_target}, clear what dead runs left");

    public Step ProveDifferent => SideSteps.ProveDifferent(request.Source, request.Target, _settings);

    public Step Compare => new(RunStep.Compare, $"Find what has changed on {_source}", null, ErrorIds.StatisticsFailed)
    {
        Plan = $"Take a snapshot of {_source}; {WhereSchemasDiffer}; lock {Tables} of {_target} against writing; "
            + $"find changed{(Deletes ? " and deleted" : "")} rows by stamps or content"
            + (Deletes ? $"; refuse if more than {Percentages.Show(request.MaximumShrink)} of {_target}'s rows are gone" : ""),
    };

    public Step Merge => new(RunStep.Merge, $"Write it to {_target}, out of sight", _settings.RestoreLimit, ErrorIds.RestoreFailed)
    {
        Plan = $"In one transaction on {_target}: write the rows that differ{(Deletes ? ", delete those that are gone" : "")}"
            + $"{(Keeps ? ", keep those that are newer or its own" : "")}, set sequences; no trigger fires",
    };

    public Step Verify => new(RunStep.Verify, "Verify before publishing", _settings.RestoreLimit, ErrorIds.VerificationFailed)
    {
        Plan = "Compare what was written with the snapshot",
    };

    public Step Publish => new(RunStep.Publish, $"Publish {_target}", _settings.RestoreLimit, ErrorIds.PublishFailed)
    {
        Plan = "Publish: commit",
    };

    public IReadOnlyList<Step> All => [Lock, Check, ProveDifferent, Compare, Merge, Verify, Publish];

    /// <summary>How a run can become more than that, as the rest of a sentence that asks for it; empty where it cannot.</summary>
    public string OrFull => request.MayBecomeFull ? ", or replace it by a copy if the tables differ"
        : request.MayFill ? ", or fill it by a copy if it has no tables"
        : "";

    bool Deletes => request.Incremental.Deletes;

    bool Keeps => request.Incremental.Conflict == ConflictRule.LastWriteWins;

    string Tables => request.Tables.Count == 0 ? "every table" : string.Join(", ", request.Tables);

    string WhereSchemasDiffer => request.MayBecomeFull
        ? $"run a full sync instead if the schemas differ, or stop if {_target} has what {_source} has not"
        : "stop if the schemas differ" + (request.MayFill ? $", but run a full sync instead if {_target} has no tables" : "");
}
