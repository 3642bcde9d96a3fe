using System.Diagnostics;
using BackupSync.Configuration;
using BackupSync.Recovery;
using BackupSync.Runs;

namespace BackupSync.Backups;

/// <summary>Proves that a backup is good, or finds out that it is not, and writes either into its manifest.</summary>
static class BackupProver
{
    /// <param name="on">Where a drill restores to; null for a throw-away server.</param>
    /// <returns>The backup with what was found out about it.</returns>
    public static async Task<BackupFile> ProveAsync(
        RunContext run, BackupHandle handle, BackupProof how, JobConfig job, DatabaseConfig? on, StepScope scope, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            await using var backup = await StoredBackup.OpenAsync(handle, scope, cancellationToken);
            if (how == BackupProof.Drill)
                run.Record.Recovery = await Drill.RunAsync(run, job, backup, on, begun, scope, cancellationToken);
            else
                await IntegrityCheck.RunAsync(backup, job.Tools, scope, cancellationToken);
        }
        catch (BackupSyncException failure) when (ErrorIds.IsVerdict(failure.ErrorId))
        {
            await RecordAsync(handle, Proof(failure.Message), run.Warn);
            throw;
        }
        var proven = Proof(null);
        await RecordAsync(handle, proven, run.Warn);
        return handle.File with { Proof = proven };

        ProofRecord Proof(string? problem) => new(how, DateTimeOffset.UtcNow, Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 3),
            run.Record.Recovery?.RtoMet, run.Record.Recovery?.RpoMet, problem);
    }

    /// <summary>The verdict stands, whether or not it can be written down: a place may be read-only.</summary>
    static async Task RecordAsync(BackupHandle handle, ProofRecord proof, Action<string> warn)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            await using var place = handle.OpenPlace();
            var manifest = await BackupStore.ReadManifestAsync(place, handle.Key, limit.Token);
            await BackupStore.WriteManifestAsync(place, handle.Key, manifest with { Proof = proof }, replace: true, limit.Token);
        }
        catch (BackupSyncException failure)
        {
            warn($"What was found out about {handle.File.FileName} could not be written into its manifest: {failure.Message}");
        }
    }
}
