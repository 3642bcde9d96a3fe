namespace BackupSync.Configuration;

/// <summary>
/// Hears what the reader asks a file for. The reference of all keys and the schema for editors are made of it, so that neither can
/// know other keys than the reader does.
/// </summary>
/// <remarks>
/// A section is given as the path of its key, names in it as <see cref="YamlSection.AnyName"/>: <c>jobs.&lt;name&gt;.limits</c>; empty
/// for the file as a whole.
/// </remarks>
interface IKeyObserver
{
    /// <summary>A key that may be there; what it may hold is told when it is read.</summary>
    void Known(string section, string key);

    /// <param name="otherwise">What a missing key stands for; null where it is not missing, or stands for nothing.</param>
    void Read(string section, string key, KeyForm form, object? otherwise);

    /// <summary>A key was missing that has to be there.</summary>
    void Missing(string section, string key);

    /// <summary>Only one of these keys may be there.</summary>
    void Alternatives(string section, IReadOnlyList<string> keys);
}
