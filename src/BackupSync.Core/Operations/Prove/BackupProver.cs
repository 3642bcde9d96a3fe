using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Archiving;
using BackupSync.Runs;

namespace BackupSync.Operations.Prove;

/// <summary>Proves that a backup is good, or finds out that it is not, or cannot be proven here, and writes it into its manifest.</summary>
static class BackupProver
{
    /// <summary>What was found out stands in the backup's proof, also where that is a failure.</summary>
    public static async Task ProveAsync(
        RunContext run, BackupFindings findings, ProveRequest request, StepScope scope, CancellationToken cancellationToken)
    {
        var (handle, how) = (request.Backup, request.How);
        var begun = run.Clock.GetTimestamp();
        try
        {
            await using var backup = await StoredBackup.OpenAsync(handle, scope, cancellationToken);
            if (how == BackupProof.Drill)
                findings.Recovery = await Drill.RunAsync(run, findings, request, backup, begun, scope, cancellationToken);
            else
                await IntegrityCheck.RunAsync(backup, request.Settings.Tools, scope, cancellationToken);
        }
        catch (BackupSyncException failure) when (ErrorIds.IsVerdict(failure.ErrorId))
        {
            await RecordAsync(Proof(ProofVerdict.Bad, failure.Message));
            throw await OtherCopies.AdviseAsync(failure, handle, cancellationToken);
        }
        catch (BackupSyncException failure) when (failure.ErrorId == ErrorIds.NotProven)
        {
            await RecordAsync(Proof(ProofVerdict.NotProven, failure.InnerException?.Message ?? failure.Message));
            throw;
        }
        await RecordAsync(Proof(ProofVerdict.Good, null));

        ProofRecord Proof(ProofVerdict verdict, string? problem)
        {
            var now = run.Clock.GetUtcNow();
            var proof = new ProofRecord(
                how,
                now,
                Math.Round(run.Clock.GetElapsedTime(begun).TotalSeconds, 3),
                findings.Recovery?.RtoMet,
                findings.Recovery?.RpoMet,
                problem) { Verdict = verdict, Place = handle.File.Place };
            return how == BackupProof.Drill && verdict == ProofVerdict.Good
                ? proof with { Restored = now, RestoredInto = findings.Trial.Facts?.Version, RestoredFrom = proof.Place }
                : proof;
        }

        async Task RecordAsync(ProofRecord proof) =>
            findings.Source.Backup = handle.File with { Proof = await WriteAsync(handle, proof, run.Warn) };
    }

    /// <summary>The verdict stands, whether or not it can be written down: a place may be read-only.</summary>
    /// <returns>With what the manifest knew before.</returns>
    static async Task<ProofRecord> WriteAsync(BackupHandle handle, ProofRecord proof, Action<string> warn)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        try
        {
            await using var held = await HeldManifest.TakeAsync(handle, limit.Token);
            var manifest = held.Manifest;
            proof = proof.After(manifest.Proof);
            if (ManifestStore.CannotRenew(manifest, handle.Encryption) is { } problem)
            {
                warn($"What was found out about {handle.File.FileName} is not written into its manifest: that is signed, and {problem}.");
                return proof;
            }
            await held.WriteAsync(ManifestStore.Renew(manifest with { Proof = proof }, handle.Encryption), limit.Token);
        }
        catch (BackupSyncException failure)
        {
            warn($"What was found out about {handle.File.FileName} could not be written into its manifest: {failure.Message}");
        }
        return proof;
    }
}
