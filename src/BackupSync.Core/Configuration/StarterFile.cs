using System.Text;
using BackupSync.Files;

namespace BackupSync.Configuration;

/// <summary>Writes the configuration to begin with. Its owner alone may read it: sooner or later a password stands in it.</summary>
public static class StarterFile
{
    /// <exception cref="BackupSyncException">
    /// <see cref="ErrorIds.FileFailed"/>: there is a file already and <paramref name="overwrite"/> is not set, or it cannot be written.
    /// </exception>
    public static void Write(string path, bool overwrite)
    {
        var content = Encoding.UTF8.GetBytes(ConfigurationFile.Starter);
        if (Directory.Exists(path))
            throw new BackupSyncException(ErrorIds.FileFailed, $"{path} is a folder.", "Name the file to write.");
        if (overwrite)
        {
            PrivateFile.WriteAllDurably(path, content);
            return;
        }
        if (File.Exists(path))
            throw new BackupSyncException(
                ErrorIds.FileFailed, $"{path} exists already.", $"Name another file, or replace it with {Spelling.Force}.");
        using var stream = PrivateFile.Create(path);
        stream.Write(content);
    }
}
