namespace BackupSync.Configuration;

/// <summary>
/// Where secrets are asked for by name. A head says how, for what it does, as PowerShell's cmdlets do by SecretManagement; the core knows no
/// vault.
/// </summary>
public static class SecretVault
{
    static readonly AsyncLocal<Func<string, string?, string>?> Current = new();

    /// <summary>Whether names can be asked for here.</summary>
    internal static bool IsThere => Current.Value is not null;

    /// <summary>Asks so, in this thread and in all that it begins, until what is returned is disposed.</summary>
    /// <param name="ask">
    /// Gets the secret of a name, out of a vault or, where that is null, of all; a <see cref="BackupSyncException"/> says why it cannot.
    /// </param>
    public static IDisposable Use(Func<string, string?, string> ask)
    {
        var before = Current.Value;
        Current.Value = ask;
        return new Restored(before);
    }

    /// <param name="written">A name, or <c>vault/name</c>.</param>
    internal static (string? Text, string? Fault) Ask(string written)
    {
        if (Current.Value is not { } ask)
            return (null, Nobody(written));
        var (vault, name) = Split(written);
        try
        {
            return ask(name, vault) is { Length: > 0 } text ? (text, null) : (null, $"the secret '{written}' is empty");
        }
        catch (BackupSyncException e)
        {
            return (null, e.Message);
        }
    }

    internal static string Nobody(string written)
    {
        var (vault, name) = Split(written);
        return $"the secret '{written}' is one of PowerShell's SecretManagement, which only the cmdlets of the module BackupSync ask. "
            + $"Use these, or a command: [pwsh, -NoProfile, -Command, \"Get-Secret {name}{(vault is null ? "" : $" -Vault {vault}")} "
            + "-AsPlainText\"]";
    }

    static (string? Vault, string Name) Split(string written)
    {
        var slash = written.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (null, written) : (written[..slash], written[(slash + 1)..]);
    }

    sealed class Restored(Func<string, string?, string>? before) : IDisposable
    {
        public void Dispose() => Current.Value = before;
    }
}
