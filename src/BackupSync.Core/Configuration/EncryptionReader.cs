namespace BackupSync.Configuration;

/// <summary>Finds the passphrase.</summary>
static class EncryptionReader
{
    public static EncryptionConfig Read(YamlSection encryption) => new(SecretReader.ReadRequired(
        encryption, "passphrase", SecretKinds.Passphrase,
        "a text such as \"${BACKUPSYNC_PASSPHRASE}\"; or state a passphraseFile"));
}
