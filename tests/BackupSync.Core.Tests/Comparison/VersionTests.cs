namespace BackupSync.Tests.Comparison;

/// <summary>Servers of different versions.</summary>
public sealed class VersionTests(Servers servers, NewerServer newer) : IClassFixture<Servers>, IClassFixture<NewerServer>
{
    [SkippableFact]
    public async Task A_newer_target_is_compared_as_any_other()
    {
        await using var databases = await ComparedDatabases.CreateAsync(servers.Source, newer.Server);
        await databases.LoadRealisticDataAsync(servers.Tools);

        Assert.Empty(await databases.DifferencesAsync());

        await databases.Target.ExecuteAsync("UPDATE users SET full_name = 'x', tags = '{}' WHERE id = 7; DELETE FROM no_key_duplicates");
        Assert.Equal(
            ["public.no_key_duplicates (0,) SourceOnly  x10", "public.no_key_duplicates (1,\"\") SourceOnly  x10", "public.no_key_duplicates (2,twice) SourceOnly  x10", "public.users 7 Different full_name, search, tags x1"],
            (await databases.RowsAsync()).Select(r => $"{r.Table} {r.Key} {r.State} {r.Columns} x{r.Rows}"));
    }
}
