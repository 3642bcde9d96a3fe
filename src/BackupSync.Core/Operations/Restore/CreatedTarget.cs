using BackupSync.Operations.Archiving;
using BackupSync.Operations.Prove;
using BackupSync.Operations.Sides;
using BackupSync.Postgres;
using BackupSync.Runs;
using Npgsql;

namespace BackupSync.Operations.Restore;

/// <summary>
/// A target that was not there when a restore began: created like the database that the backup is of, and removed where the restore
/// fails. The connecting role owns it.
/// </summary>
sealed class CreatedTarget(RunContext run, TargetSide target)
{
    static readonly TimeSpan RemovalLimit = TimeSpan.FromMinutes(1);

    readonly string _name = target.Login.Address.Database;
    bool _isThere;

    PgSession Maintenance => target.Lock.Session;

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.PrivilegeMissing"/>; or <see cref="ErrorIds.NotSupported"/>: the server lacks the encoding or locale.
    /// </exception>
    public async Task CreateAsync(StoredBackup backup, CancellationToken cancellationToken)
    {
        var (label, options) = (target.Login.Label, backup.Manifest.Options);
        try
        {
            await DrillDatabase.CreateLikeAsync(Maintenance, _name, backup, cancellationToken);
            _isThere = true;
        }
        catch (PgQueryException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            var role = target.Login.Address.User;
            throw new BackupSyncException(ErrorIds.PrivilegeMissing, $"{label} is not there, and the role '{role}' may not create it.",
                $"ALTER ROLE {Sql.Identifier(role)} CREATEDB; or let another role create it: CREATE DATABASE {Sql.Identifier(_name)} "
                    + $"OWNER {Sql.Identifier(role)};", refused);
        }
        catch (PgQueryException refused) when (options is not null)
        {
            throw new BackupSyncException(ErrorIds.NotSupported,
                $"{label} is not there, and its server creates none like the backup's ({DrillDatabase.Describe(options)}): "
                    + refused.Message,
                $"Create it with a locale that the server has, and restore again: CREATE DATABASE {Sql.Identifier(_name)} "
                    + $"TEMPLATE template0 ENCODING {Sql.Literal(options.Encoding)};", refused);
        }
        await DrillDatabase.ApplySettingsAsync(
            Maintenance, _name, backup, await backup.ReadGlobalsAsync(cancellationToken), message => run.Warn($"{label}: {message}"),
            cancellationToken);
        run.Info($"{label} was not there: created{(options is null ? "" : $" ({DrillDatabase.Describe(options)})")}");
    }

    /// <summary>Of what is left in doubt nothing is removed.</summary>
    public async Task RemoveAsync()
    {
        if (!_isThere)
            return;
        if (target.Findings.Rollback == RollbackState.Failed)
        {
            run.Warn($"{target.Login.Label}, which this restore has created, is left as it is.");
            return;
        }
        using var limit = new CancellationTokenSource(RemovalLimit);
        try
        {
            await DatabaseDrop.RunAsync(Maintenance, _name, limit.Token);
            run.Info($"{target.Login.Label}, which this restore had created, was removed again.");
        }
        catch (Exception failure) when (failure is BackupSyncException or OperationCanceledException)
        {
            run.Warn($"{target.Login.Label}, which this restore had created, could not be removed again: {failure.Message}");
        }
    }
}
