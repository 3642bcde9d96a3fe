namespace BackupSync;

/// <summary>Names in a message: the first few, and how many more there are.</summary>
public static class NameList
{
    const int Most = 5;

    public static string Of(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(Most)) + (names.Count > Most ? $" and {names.Count - Most} more" : "");
}
