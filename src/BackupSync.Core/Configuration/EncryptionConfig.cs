namespace BackupSync.Configuration;

/// <summary>How backups are encrypted. Without its passphrase a backup is lost, and nobody can bring it back.</summary>
public sealed record EncryptionConfig
{
    /// <summary>
    /// What backups are encrypted and signed with: at least 12 characters in one line. Where it is named, backups without its signature are
    /// refused.
    /// </summary>
    /// <exception cref="ConfigurationException">It cannot be had here, for a variable or a file is missing: told when it is needed.</exception>
    public Secret Passphrase => _passphrase.Value;

    /// <summary>Why <see cref="Passphrase"/> cannot be used on this machine; null where it can.</summary>
    public ConfigurationProblem? Problem => _passphrase.Problem;

    readonly LateValue<Secret> _passphrase;

    public EncryptionConfig(Secret passphrase) => _passphrase = new(passphrase);

    public EncryptionConfig(ConfigurationProblem problem) => _passphrase = new(problem);

    internal EncryptionConfig(LateValue<Secret> passphrase) => _passphrase = passphrase;

    public override string ToString() => "***";
}
