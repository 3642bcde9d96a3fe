namespace BackupSync.Places;

/// <summary>What a key looks like: <c>file</c> or <c>folder/file</c>. Such a key works in every place, and leads out of none.</summary>
static class PlaceKey
{
    static readonly char[] NotInNames = [.. Path.GetInvalidFileNameChars(), '\\'];

    public static bool IsValid(string key) => key.Split('/') is { Length: <= 2 } parts && parts.All(IsName);

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.PlaceFailed"/>: the key is none.</exception>
    public static void Require(string key, string place)
    {
        if (!IsValid(key))
        {
            throw new BackupSyncException(ErrorIds.PlaceFailed, $"The place {place} cannot have a file '{key}'.",
                "A file is named by itself or by its folder and itself, such as auth/auth.dump.");
        }
    }

    static bool IsName(string part) =>
        part is not ("" or "." or "..") && part.IndexOfAny(NotInNames) < 0 && !part.Any(char.IsControl);
}
