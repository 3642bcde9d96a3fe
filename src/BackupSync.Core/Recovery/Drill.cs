using System.Diagnostics;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Postgres;
using BackupSync.Runs;
using BackupSync.Sandbox;
using BackupSync.Sync;
using BackupSync.Sync.Publishing;
using BackupSync.Verification;

namespace BackupSync.Recovery;

/// <summary>
/// Restores a backup on trial: into a throw-away server on this machine, or into a new database beside a named one. Every
/// row is compared with the snapshot the backup was taken from; nothing of it stays (X6).
/// </summary>
static class Drill
{
    /// <param name="begun">When the backup began to be opened: fetching and checking it are part of a recovery.</param>
    /// <param name="on">Null for a throw-away server.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.VerificationFailed"/>, RestoreFailed: the backup does not bring back what it should.</exception>
    public static async Task<RecoveryResult> RunAsync(
        RunContext run, JobConfig job, StoredBackup backup, DatabaseConfig? on, long begun, StepScope scope, CancellationToken cancellationToken)
    {
        await using var sandbox = on is null ? await SandboxServer.StartAsync(new SandboxOptions
        {
            Name = "drill", Tools = job.Tools, Major = null, Limit = TimeSpan.FromMinutes(2), OnMessage = run.Info,
        }, cancellationToken) : null;
        if (sandbox is not null && sandbox.Version.Major < backup.Manifest.ServerMajor)
        {
            throw new BackupSyncException(ErrorIds.ServerProgramsMissing,
                $"{backup.Manifest.File} is of PostgreSQL {backup.Manifest.ServerVersion}; the server programs on this machine are {sandbox.Version}.",
                $"Install PostgreSQL {backup.Manifest.ServerMajor}'s server programs here, or name a database whose server can take it (-On, --on).");
        }
        var database = on ?? new DatabaseConfig(sandbox!.Address) { Name = "sandbox", Role = DatabaseRole.Development };
        Guards.EnsureMayBeTarget(database);
        await using var target = new TargetSide(run, job with { TargetDatabase = database, Publish = PublishMode.Swap });
        if (!await target.TryLockAsync(cancellationToken))
            throw new BackupSyncException(ErrorIds.RunInProgress, $"Another run on {target.Login.Label} is in progress.", "Wait for it to end, then run again.");
        await target.ConnectAsync(cancellationToken);
        if (sandbox is not null)
            await CreateRolesAsync(target.Session, await backup.ReadGlobalsAsync(cancellationToken), cancellationToken);
        var content = backup.Manifest.Fingerprint;
        await using var publisher = await PublishChoice.MakeAsync(run, target, NewContent.Of(content, head: null), cancellationToken);
        await target.DisconnectAsync();
        var tools = await new ToolLocator(job.Tools).FindAsync(Math.Max(backup.Manifest.ToolMajor, target.Facts.Major), cancellationToken);
        run.Record.ToolVersion = tools.Version.ToString();
        try
        {
            var archive = await backup.ExtractAsync(cancellationToken);
            var listing = await PgRestore.ListAsync(tools, archive, cancellationToken);
            await publisher.RestoreAsync(new PublishContent(archive, listing, content, tools, job.Parallel), scope, cancellationToken);
            var restored = await publisher.FingerprintAsync(content.Method,
                (table, done, all, rows, bytes) => scope.Progress((double)done / all, table, rows, bytes), cancellationToken);
            FingerprintComparison.EnsureEqual(content, restored, publisher.Tolerance, backup.Manifest.File, "what was restored");
            var recovery = RecoveryOf(Stopwatch.GetElapsedTime(begun), backup.Manifest, job.SourceDatabase.Tier);
            scope.Note = $"{content.Tables.Count} tables, {content.TotalRows()} rows equal; recovery took {Durations.Show(TimeSpan.FromSeconds(recovery.Seconds))}";
            return recovery;
        }
        finally
        {
            // Also where the run was stopped: the trial's database must not stay.
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            await publisher.UndoAsync(limit.Token);
        }
    }

    /// <summary>What was measured against the objectives of the database's tier.</summary>
    /// <remarks>The moment of a snapshot is its server's, so a fresh one may seem to come from the future.</remarks>
    public static RecoveryResult RecoveryOf(TimeSpan duration, BackupManifest manifest, TierConfig? tier)
    {
        var age = DateTimeOffset.UtcNow - duration - manifest.Created;
        return new RecoveryResult(
            Math.Round(duration.TotalSeconds, 3), Math.Round(Math.Max(0, age.TotalSeconds), 3), tier?.Name, tier?.Rto?.TotalSeconds, tier?.Rpo?.TotalSeconds);
    }

    /// <summary>Policies name roles, which have to be there; nobody logs in as one of them.</summary>
    static async Task CreateRolesAsync(PgSession session, string? globals, CancellationToken cancellationToken)
    {
        const string Create = "CREATE ROLE ";
        var there = (await session.RowsAsync("SELECT pg_catalog.quote_ident(rolname) FROM pg_catalog.pg_roles", cancellationToken)).Select(r => r[0]!).ToHashSet();
        foreach (var line in globals?.Split('\n') ?? [])
        {
            if (line.StartsWith(Create, StringComparison.Ordinal) && line.TrimEnd().EndsWith(';') && !there.Contains(line.TrimEnd()[Create.Length..^1]))
                await session.ExecuteAsync($"{line.TrimEnd()[..^1]} NOLOGIN", cancellationToken);
        }
    }
}
