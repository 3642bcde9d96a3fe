using System.Management.Automation;
using BackupSync.Runs;

namespace BackupSync.Module;

/// <summary>The core's failures as PowerShell shows them, with ids that scripts can match on.</summary>
static class ErrorRecords
{
    /// <param name="target">What it is about; an address has its password taken out.</param>
    public static ErrorRecord From(BackupSyncException told, object? target)
    {
        target = target switch
        {
            string text => Shown(text),
            IEnumerable<string> several => several.Select(Shown).ToArray(),
            _ => target,
        };
        var failure = InOurWords(told);
        var message = string.IsNullOrWhiteSpace(failure.Detail) || failure.Message.Contains(failure.Detail, StringComparison.Ordinal)
            ? failure.Message
            : $"{failure.Message}{Environment.NewLine}{failure.Detail}";
        return new ErrorRecord(failure, failure.ErrorId, Category(failure.ErrorId), target)
        {
            // What is shown. The exception says it in cmdlets' words, too; one that came in others is its cause.
            ErrorDetails = new ErrorDetails(Printable.Text(message))
            {
                RecommendedAction = Printable.Text(failure.Advice ?? ""),
            },
        };
    }

    /// <summary>By its whole form: a path may well have a <c>=</c> in it.</summary>
    static string Shown(string target) => AddressText.Is(target) ? AddressText.Redacted(target) : target;

    /// <summary>Options as cmdlets have them, also for who reads the exception itself.</summary>
    static BackupSyncException InOurWords(BackupSyncException failure)
    {
        var message = Spelling.InCmdlets(failure.Message);
        var advice = failure.Advice is { } said ? Spelling.InCmdlets(said) : null;
        return message == failure.Message && advice == failure.Advice
            ? failure
            : new BackupSyncException(failure.ErrorId, message, advice, failure) { Detail = failure.Detail };
    }

    /// <summary>What is wrong with a database that was tested.</summary>
    public static ErrorRecord From(RunError error, object target) =>
        From(new BackupSyncException(error.Id, error.Message, error.Advice) { Detail = error.Detail }, target);

    /// <summary>A run that did not succeed; null for one that did.</summary>
    public static ErrorRecord? From(RunResult result)
    {
        if (result.Success)
            return null;

        var error = result.Error ?? new RunError(ErrorIds.Unexpected, null, "The run did not say why.", null, null, null);
        var where = error.Step is { } step ? $" in {step}" : "";
        var rollback = string.IsNullOrWhiteSpace(error.Rollback) ? "" : $" {error.Rollback}";
        // Of what is done with a backup, the job that took it is not the subject.
        var subject = result.Kind is RunKind.Sync or RunKind.Restore ? result.Job : result.Source;
        return From(
            new BackupSyncException(error.Id, $"{subject}: {result.Outcome}{where}: {error.Message}{rollback}", error.Advice)
            {
                Detail = error.Detail,
            },
            subject);
    }

    static ErrorCategory Category(string errorId) => errorId switch
    {
        ErrorIds.ConfigurationInvalid or ErrorIds.ConfirmationNeeded => ErrorCategory.InvalidArgument,
        ErrorIds.ConfigurationNotFound or ErrorIds.UnknownName or ErrorIds.BackupNotFound or ErrorIds
            .DatabaseMissing => ErrorCategory.ObjectNotFound,
        ErrorIds.ConnectionFailed or ErrorIds.PlaceFailed or ErrorIds.TlsFailed or ErrorIds.NotPostgres or ErrorIds
            .LockLost or ErrorIds.AlertFailed => ErrorCategory.ConnectionError,
        ErrorIds.AuthenticationFailed or ErrorIds.PassphraseWrong or ErrorIds.NotAuthenticated => ErrorCategory.AuthenticationError,
        ErrorIds.PrivilegeMissing => ErrorCategory.PermissionDenied,
        ErrorIds.NotSupported => ErrorCategory.NotImplemented,
        ErrorIds.TooFewConnections => ErrorCategory.LimitsExceeded,
        ErrorIds.ToolMissing or ErrorIds.ToolTooOld or ErrorIds.ServerProgramsMissing => ErrorCategory.NotInstalled,
        ErrorIds.RunInProgress => ErrorCategory.ResourceBusy,
        ErrorIds.TargetIsProduction or ErrorIds.SameDatabase or ErrorIds.SourceShrunken or ErrorIds.SourceEmpty or ErrorIds
            .SchemaChanged or ErrorIds.BackupProtected => ErrorCategory.InvalidOperation,
        ErrorIds.StatisticsFailed or ErrorIds.DumpFailed or ErrorIds.SafetyBackupFailed => ErrorCategory.ReadError,
        ErrorIds.RestoreFailed or ErrorIds.PublishFailed or ErrorIds.RollbackFailed or ErrorIds.DiskFull or ErrorIds
            .FileFailed => ErrorCategory.WriteError,
        ErrorIds.BackupInvalid => ErrorCategory.InvalidData,
        ErrorIds.VerificationFailed => ErrorCategory.InvalidResult,
        ErrorIds.TimeLimit => ErrorCategory.OperationTimeout,
        ErrorIds.Cancelled or ErrorIds.RunDidNotEnd => ErrorCategory.OperationStopped,
        _ => ErrorCategory.NotSpecified,
    };
}
