using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Operations.Archiving;
using BackupSync.Runs;

namespace BackupSync.Operations.BackUp;

/// <summary>Signs manifests that no release has signed, when their archives have been read to their end.</summary>
static class BackupSigner
{
    /// <param name="named">Whether somebody has named just this backup: it need not show by itself that it is ours.</param>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.NotAuthenticated"/>: it was altered since it was signed, or nothing but its being there says that it is
    /// ours. Or it cannot be read.
    /// </exception>
    public static async Task<BackupFile> SignAsync(
        BackupHandle handle,
        bool named,
        ToolsConfig tools,
        TimeProvider clock,
        StepScope scope,
        CancellationToken cancellationToken)
    {
        var passphrase = PassphraseOf(handle.Encryption);
        await using var backup = await StoredBackup.OpenAsync(handle with { Unauthenticated = true }, null, cancellationToken);
        var manifest = backup.Manifest;
        if (manifest.NotAuthenticated is null)
        {
            scope.Note = $"{manifest.File} is signed already";
            return handle.File with { NotAuthenticated = null };
        }
        if (manifest.NotAuthenticated == ManifestStore.Altered)
            throw Refused($"{manifest.File} is not signed again: its manifest was altered since it was signed.",
                "Use another backup, and find out who can write there.");
        if (!named && manifest.Encryption is { Signed: true })
        {
            throw Refused($"{manifest.File} was taken by a release that signs: "
                + "its signature is missing, or another has been put in its place.", NameIt(handle.File));
        }
        if (!named && RefusalOf(BackupFile.Of(handle.File.Path, manifest)) is { } refusal)
            throw refusal;
        if (!named && !BackupNames.IsOf(manifest.File, manifest.Created))
            throw Refused($"{manifest.File} has another date in its name than in its manifest, "
                + $"{manifest.Created.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.", NameIt(handle.File));

        var begun = clock.GetTimestamp();
        await IntegrityCheck.RunAsync(backup, tools, scope, cancellationToken);
        // Anybody can have written an earlier proof; who names the backup vouches for it.
        if (!named)
        {
            var seconds = Math.Round(clock.GetElapsedTime(begun).TotalSeconds, 3);
            var proof = new ProofRecord(BackupProof.Integrity, clock.GetUtcNow(), seconds, null, null, null);
            manifest = manifest with { Proof = proof with { Place = handle.File.Place } };
        }
        await using var held = await HeldManifest.TakeAsync(handle, cancellationToken);
        // What was not looked at is not vouched for, and nobody's change is to be lost.
        if (!held.Bytes.AsSpan().SequenceEqual(backup.ManifestBytes))
            throw Refused($"{manifest.File} is not signed: its manifest was changed while its archive was read.",
                "See what it says now, then sign it once more.");
        await held.WriteAsync(ManifestStore.Format(manifest, ManifestKey.Of(passphrase)), cancellationToken);
        return handle.File with { NotAuthenticated = null, Proof = manifest.Proof };
    }

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.ConfigurationInvalid"/>: there is none to sign with, or it is not here.</exception>
    public static Secret PassphraseOf(EncryptionConfig? encryption) => (encryption ?? throw new BackupSyncException(
        ErrorIds.ConfigurationInvalid, "There is no passphrase to sign with.",
        "Name it in the configuration: encryption: { passphrase: \"${BACKUPSYNC_PASSPHRASE}\" }")).Passphrase;

    /// <summary>Why one that was not named will not be signed, by what its manifest says already; null where it may be.</summary>
    public static BackupSyncException? RefusalOf(BackupFile file) => file.Encrypted ? null
        : Refused($"{file.FileName} is not encrypted, so nothing shows that it is yours.", NameIt(file));

    static string NameIt(BackupFile file) => $"If you know that it is, name it by its path: {file.HowToSign}";

    static BackupSyncException Refused(string message, string advice) => new(ErrorIds.NotAuthenticated, message, advice);
}
