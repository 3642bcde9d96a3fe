using System.Text.Json;

namespace BackupSync.Files;

/// <summary>
/// A small JSON file that several processes read and change: readers find it whole, changes are made one after the other, and what
/// was changed is on the disk when the change returns.
/// </summary>
/// <typeparam name="T">What it holds; a new one where there is no file.</typeparam>
sealed class StateFile<T>(string path) where T : class, new()
{
    /// <summary>More than schedules, pauses or alerts ever need: another file has the name.</summary>
    const int MostBytes = 16 << 20;

    public string Path { get; } = path;

    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/>: it cannot be read, or is something else.</exception>
    public T Read()
    {
        try
        {
            return ReadWhole();
        }
        catch (JsonException e)
        {
            // What the library says names our types.
            throw new BackupSyncException(
                ErrorIds.FileFailed, $"{Path} is torn, or something else.", "Remove it: what it remembers is begun anew.", e);
        }
    }

    /// <param name="isTornReplaced">Whether a file that is torn is begun anew, where what it remembers can be done without.</param>
    /// <returns>What it holds now.</returns>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.FileFailed"/> or <see cref="ErrorIds.DiskFull"/>.</exception>
    public T Change(Func<T, T> change, bool isTornReplaced = false)
    {
        PrivateFile.CreateFolder(System.IO.Path.GetDirectoryName(Path)!);
        using var turn = PrivateFile.OpenExclusive(Path + ".lock");
        var content = change(isTornReplaced ? ReadOrNew() : Read());
        PrivateFile.WriteAllDurably(Path, [.. JsonSerializer.SerializeToUtf8Bytes(content, JsonFormat.Indented), (byte)'\n']);
        return content;
    }

    T ReadOrNew()
    {
        try
        {
            return ReadWhole();
        }
        catch (JsonException)
        {
            return new T();
        }
    }

    /// <exception cref="JsonException">It is torn, or something else.</exception>
    T ReadWhole()
    {
        try
        {
            if (!File.Exists(Path))
                return new T();
            using var stream = PlatformFiles.OpenToRead(Path, FileShare.ReadWrite | FileShare.Delete);
            return stream.Length <= MostBytes && JsonSerializer.Deserialize<T>(stream, JsonFormat.Indented) is { } content
                ? content
                : throw new JsonException();
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw FileFailure.From(e, Path, "read");
        }
    }
}
