using BackupSync.Backups;
using BackupSync.Runs;
using Spectre.Console;
using static BackupSync.Cli.Display.Tables;

namespace BackupSync.Cli.Display;

/// <summary>What came of several runs, a row for each.</summary>
static class RunTables
{
    public static void ShowTaken(IReadOnlyList<RunResult> runs)
    {
        BackupTables.ShowWithFiles(
            ["Database", "Outcome", ">Size", ">Rows", ">Duration", "Places", "Proven"],
            runs.Select(r => (Text[])
            [
                Plain(r.Source), Outcome(r.Outcome), Plain(Size(r.SourceBackup?.Size)), Plain(Number(r.SourceBackup?.Rows)),
                Plain(Duration(r.DurationSeconds)),
                // Where it did not get everywhere, the failure tells where it is.
                Plain(r.Success ? r.Target : ""), BackupTables.Proof(r.SourceBackup?.Proof),
            ]),
            [.. runs.Select(r => r.SourceBackup)]);
    }

    /// <param name="backups">Those that the runs are of, in their order.</param>
    public static void ShowProven(IReadOnlyList<BackupFile> backups, IReadOnlyList<RunResult> runs)
    {
        BackupTables.ShowWithFiles(
            ["Database", "Created (UTC)", "Place", "Verdict", ">Rows", ">Duration", "Recovered in", "Age of data"],
            backups.Zip(runs, (b, r) => (Text[])
            [
                Plain(b.Database), Plain(Time(b.Created)), Plain(b.Place), Verdict(r), Plain(Number(b
                    .Rows)), Plain(Duration(r.DurationSeconds)),
                Against(r.Recovery?.Seconds, r.Recovery?.Rto, r.Recovery?.RtoMet),
                Against(r.Recovery?.DataAgeSeconds, r.Recovery?.Rpo, r.Recovery?.RpoMet),
            ]),
            [.. backups.Take(runs.Count)]);
    }

    public static void ShowCopied(IReadOnlyList<BackupFile> backups, IReadOnlyList<RunResult> runs)
    {
        BackupTables.ShowWithFiles(
            ["Database", "Created (UTC)", "From", "To", "Outcome", ">Size", ">Duration"],
            backups.Zip(runs, (b, r) => (Text[])
            [
                Plain(b.Database), Plain(Time(b.Created)), Plain(b.Place), Plain(r.Target), Outcome(r.Outcome), Plain(Size(b
                    .Size)), Plain(Duration(r.DurationSeconds)),
            ]),
            [.. runs.Select(r => r.SourceBackup)]);
    }

    /// <summary>What was measured, and whether it is within the objective of the database's tier: <c>2.1s, met (1h 00m)</c>.</summary>
    public static Text Against(double? seconds, double? objective, bool? met) => seconds is not { } measured ? Plain("")
        : met is not { } isMet ? Plain(Duration(measured))
        : State($"{Duration(measured)}, {(isMet ? "met" : "MISSED")} ({Duration(objective!.Value)})", isMet);

    static Text Verdict(RunResult run) => run switch
    {
        { Success: true, Kind: RunKind.Drill } => State($"restored {run.Versions?.Target}".TrimEnd(), isGood: true),
        { Success: true, Kind: RunKind.Sign } => State("signed", isGood: true),
        { Success: true } => State("read", isGood: true),
        { Error.Id: ErrorIds.NotAuthenticated } => State("NOT AUTHENTICATED", isGood: false),
        { Error.Id: ErrorIds.NotProven } => new Text("not proven here", Color.Yellow),
        { Error.Id: { } id } when ErrorIds.IsVerdict(id) => State("BAD", isGood: false),
        _ => Outcome(run.Outcome),
    };
}
