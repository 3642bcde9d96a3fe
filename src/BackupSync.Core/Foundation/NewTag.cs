namespace BackupSync;

/// <summary>What a backup is to be tagged with: it is written into a manifest, which nothing encrypts, and shown in lists.</summary>
static class NewTag
{
    const string Advice = "Take a word for it, such as pre-deployment-20240123.";

    /// <summary>The tag itself; null where there is none.</summary>
    /// <exception cref="AddressGivenException">It is a database's address, with a password perhaps.</exception>
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.ConfigurationInvalid"/>: it has more lines than one, or characters that are not seen, which nobody could type
    /// to find it again.
    /// </exception>
    public static string? Checked(string? tag)
    {
        if (tag is null)
            return null;
        if (AddressText.Is(tag))
            throw new AddressGivenException(tag, "a tag", Advice);
        return Printable.Line(tag) is var shown && shown == tag ? tag : throw new BackupSyncException(
            ErrorIds.ConfigurationInvalid, $"'{shown}' is no tag: it has a line break or another character that is not seen.", Advice);
    }
}
