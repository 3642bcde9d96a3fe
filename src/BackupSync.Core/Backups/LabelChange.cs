namespace BackupSync.Backups;

/// <summary>What is to be changed of what a backup says about itself besides its data; the rest stays.</summary>
public sealed record LabelChange
{
    /// <summary>Null where it stays.</summary>
    /// <inheritdoc cref="NewTag.Checked" path="/exception"/>
    public string? Tag { get; init => field = NewTag.Checked(value); }

    /// <summary>It has none any more.</summary>
    public bool NoTag { get; init; }

    /// <summary>It is kept for ever.</summary>
    public bool Pin { get; init; }

    /// <summary>It is no longer.</summary>
    public bool Unpin { get; init; }

    /// <summary>Null where they stay.</summary>
    public int? KeepDays { get; init; }

    /// <summary>None are stated any more: the rules decide.</summary>
    public bool NoKeepDays { get; init; }

    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.ConfigurationInvalid"/>: it is kept for ever, so that days would say nothing.
    /// </exception>
    internal BackupManifest ApplyTo(BackupManifest manifest) => KeepDays is not null && manifest.Pinned && !Unpin
        ? throw new BackupSyncException(
            ErrorIds.ConfigurationInvalid, $"{manifest.File} is pinned: it is kept for ever, however many days are stated.",
            $"Let go of the pin, too: {Spelling.Unpin}.")
        : manifest with
        {
            Tag = NoTag ? null : Tag ?? manifest.Tag,
            Pinned = Pin || (manifest.Pinned && !Unpin),
            KeepDays = NoKeepDays ? null : KeepDays ?? manifest.KeepDays,
        };

    /// <summary>As the end of a sentence that begins with "change".</summary>
    public override string ToString() => string.Join(", ", ((string?[])
    [
        NoTag ? "no tag" : Tag is null ? null : $"tag {Tag}",
        Pin ? "kept for ever" : Unpin ? "not pinned" : null,
        NoKeepDays ? "no days stated" : KeepDays is { } days ? $"kept for {Quantity.Of(days, "day")}" : null,
    ]).OfType<string>());
}
