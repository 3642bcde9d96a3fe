namespace BackupSync.Configuration;

/// <summary>How backups are encrypted. Without its passphrase a backup is lost, and nobody can bring it back.</summary>
public sealed record EncryptionConfig
{
    /// <summary>
    /// What backups are encrypted and signed with: at least 12 characters in one line. Where it is named, backups without its signature are
    /// refused.
    /// </summary>
    /// <exception cref="ConfigurationException">The variable or file that holds it is missing here: told when it is needed.</exception>
    public Secret Passphrase => _passphrase ?? throw new ConfigurationException([Problem!]);

    /// <summary>Why <see cref="Passphrase"/> cannot be used on this machine; null where it can.</summary>
    public ConfigurationProblem? Problem { get; }

    readonly Secret? _passphrase;

    public EncryptionConfig(Secret passphrase) => _passphrase = passphrase;

    public EncryptionConfig(ConfigurationProblem problem) => Problem = problem;
}
