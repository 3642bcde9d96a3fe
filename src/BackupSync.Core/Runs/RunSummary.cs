namespace BackupSync.Runs;

/// <summary>What a run came to, in a line: what somebody wants to know who reads no more than that.</summary>
static class RunSummary
{
    public static string Of(RunResult run)
    {
        var time = Durations.Show(run.Duration);
        if (run.Outcome == RunOutcome.DidNotEnd)
            return $"did not end, last seen after {time}: {run.Error}";
        if (!run.Success)
            return $"{Ended(run)} after {time}{(run.Error is null ? "" : $": {run.Error}")}";
        return string.Join(", ", ((string?[])
        [
            .. run.Kind switch
            {
                RunKind.Sync or RunKind.Restore => Content(run),
                RunKind.Backup => (string?[])[Rows(run), run.SourceBackup is { } taken ? ByteSizes.Show(taken.Size) : null],
                RunKind.Copy => [run.SourceBackup is { } copied ? $"{ByteSizes.Show(copied.Size)} to {run.Target}" : null],
                _ => [run.Verdict, Rows(run), run.Recovery?.ToString()],
            },
            time,
            run.SafetyBackup is { } safety ? $"safety backup {safety.FileName}" : null,
        ]).OfType<string>());
    }

    static IEnumerable<string?> Content(RunResult run)
    {
        var changed = run.Tables.Select(t => t.Changes).OfType<TableChanges>().ToList();
        if (changed.Count > 0)
        {
            yield return changed.Sum(c => c.All) == 0
                ? $"nothing has changed in {Quantity.Of(run.Tables.Count, "table")}"
                : $"{Quantity.Of(changed.Sum(c => c.Inserted), "row")} inserted, {Quantity.Number(changed.Sum(c => c.Updated))} updated, "
                    + $"{Quantity.Number(changed.Sum(c => c.Deleted))} deleted in {Quantity.Of(changed.Count(c => c.All > 0), "table")}";
        }
        else
        {
            yield return Rows(run);
        }
        var dropped = run.Tables.Count(t => t.Dropped);
        yield return run.Tables.Count > dropped && run.Tables.All(t => t.Dropped || t.Verified == true) ? "verified" : null;
        yield return dropped > 0 ? $"{Quantity.Of(dropped, "table")} dropped" : null;
        yield return run.LeftOut.Count > 0 ? $"{run.LeftOut.Count} left out" : null;
    }

    static string? Rows(RunResult run) => run.Rows is { } rows ? Quantity.Of(rows, "row") : null;

    static string Ended(RunResult run)
    {
        var step = run.Error?.Step is { } failed ? $" at {failed}" : "";
        return run.Outcome switch
        {
            RunOutcome.Aborted => $"failed{step}",
            RunOutcome.RolledBack => $"failed{step} and was rolled back",
            RunOutcome.RollbackFailed => $"failed{step}, and could not be rolled back",
            RunOutcome.Skipped => "skipped",
            RunOutcome.Cancelled => $"stopped{step}",
            RunOutcome.Incomplete => "taken, and not in every place or not proven",
            _ => $"{run.Outcome}",
        };
    }
}
