using BackupSync.Configuration;

namespace BackupSync.Operations;

/// <summary>What a sync is asked to do: to make the target a verified copy of the source.</summary>
sealed record SyncRequest
{
    public required Endpoint Source { get; init; }
    public required Endpoint Target { get; init; }
    public required RunSettings Settings { get; init; }
    public SyncMode Mode { get; init; } = SyncMode.Full;
    public PublishMode Publish { get; init; } = PublishMode.Auto;

    /// <summary>The tables that an incremental run keeps up to date, as patterns; none for all.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];
    public IncrementalConfig Incremental { get; init; } = new();

    /// <summary>Whether incremental runs are to follow a full one: it leaves notes for them then.</summary>
    public bool IsFollowedByIncremental { get; init; }
    public VerifyConfig Verify { get; init; } = new();
    public ExcludeConfig Exclude { get; init; } = new();

    /// <summary>The share of the target's rows (0 to 1) that the source may lack before the run is refused.</summary>
    public double MaximumShrink { get; init; } = new GuardsConfig().MaximumShrink;

    /// <summary>How long its backups are kept, in days.</summary>
    public required int KeepDays { get; init; }

    /// <summary>Lifts the shrink guard, and nothing else. The run's record says so.</summary>
    public bool Force { get; init; }

    /// <summary>Has an incremental run compare the whole content, whatever stamps tell.</summary>
    public bool FullVerify { get; init; }

    /// <summary>Whether a full run may take the place of an incremental one: it copies everything, and leaves nothing else on the target.</summary>
    public bool MayBecomeFull => WhyNeverFull is null;

    /// <summary>Why none may, as a phrase; null where one may.</summary>
    public string? WhyNeverFull =>
        Incremental.OnSchemaChange == SchemaChangeRule.Stop ? "incremental.onSchemaChange is stop"
        : Tables.Count > 0 ? "the job is for some tables"
        : !Incremental.Deletes ? "incremental.deletes is false"
        : Incremental.Conflict == ConflictRule.LastWriteWins ? "incremental.conflict is lastWriteWins"
        : null;

    /// <summary>Whether one may where the target has no tables yet: there is nothing that is to stay.</summary>
    public bool MayFill => Incremental.OnSchemaChange == SchemaChangeRule.Full && Tables.Count == 0;
}
