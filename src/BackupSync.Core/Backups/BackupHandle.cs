using BackupSync.Configuration;
using BackupSync.Places;

namespace BackupSync.Backups;

/// <summary>A backup together with what it takes to read it.</summary>
/// <param name="Encryption">Null where nothing is known of a passphrase.</param>
public sealed record BackupHandle(BackupFile File, PlaceConfig Place, EncryptionConfig? Encryption)
{
    /// <summary>Its key in that place: its name, where the place is the folder it stands in.</summary>
    internal string Key { get; init; } = File.FileName;

    /// <summary>
    /// Whether it may be read, with a warning, where its manifest does not bear the signature of the passphrase that there is.
    /// </summary>
    public bool Unauthenticated { get; init; }

    /// <summary>Where else a copy of it may be.</summary>
    internal IReadOnlyList<PlaceConfig> OtherPlaces { get; init; } = [];

    internal IBackupPlace OpenPlace() => BackupPlaces.Open(Place);
}
