namespace BackupSync.Operations.Incremental;

/// <summary>
/// What an applier wrote on the way to what the rows are to be: the server counts it as written, and the run does not report it, or
/// reports it as something else.
/// </summary>
sealed class AppliedWrites
{
    /// <summary>Rows that were updated only to be out of the way, or twice, for a <see cref="LateColumn"/>.</summary>
    public long Parked { get; set; }

    /// <summary>Rows that were taken away, to be inserted again.</summary>
    public long Again { get; set; }

    /// <summary>What was written only to see whether it could be.</summary>
    public (long Inserted, long Updated, long Deleted) Vain { get; set; }

    /// <summary>Rows to delete that went before the others were written.</summary>
    public long DeletedEarly { get; set; }
}
