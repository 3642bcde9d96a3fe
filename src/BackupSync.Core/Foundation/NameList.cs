namespace BackupSync;

/// <summary>Names in a message: the first few, and how many more there are.</summary>
static class NameList
{
    public static string Of(IReadOnlyCollection<string> names, int most = 5) =>
        string.Join(", ", names.Take(most)) + (names.Count > most ? $" and {names.Count - most} more" : "");
}
