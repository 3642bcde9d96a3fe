namespace BackupSync.Tests.Operations.Compare;

/// <summary>Servers of different versions.</summary>
public sealed class VersionTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableTheory, MemberData(nameof(VersionedServers.Pairs), MemberType = typeof(VersionedServers))]
    public async Task A_target_of_another_version_is_compared_as_any_other(int source, int target)
    {
        await using var databases = await ComparedDatabases.CreateAsync(
            await VersionedServers.GetAsync(source),
            await VersionedServers.GetAsync(target));
        await databases.LoadRealisticDataAsync(servers.Tools);

        Assert.Empty(await databases.DifferencesAsync());

        await databases.Target.ExecuteAsync("UPDATE users SET full_name = 'x', tags = '{}' WHERE id = 7; DELETE FROM no_key_duplicates");
        // What another version may compute otherwise is not told.
        var changed = source == target ? "full_name, search, tags" : "full_name, tags";
        Assert.Equal(
            ["public.no_key_duplicates (0,) SourceOnly  x10", "public.no_key_duplicates (1,\"\") "
                + "SourceOnly  x10", "public.no_key_duplicates (2,twice) SourceOnly  x10", $"public.users 7 Different {changed} x1"],
            (await databases.RowsAsync()).Select(r => $"{r.Table} {r.Key} {r.State} {r.Columns} x{r.Rows}"));
    }
}
