using BackupSync.Places;

namespace BackupSync.Tests.Places;

/// <summary>What every place does, whatever it is made of.</summary>
public abstract class PlaceContract : IAsyncLifetime
{
    const string Key = "auth/auth_manual.dump";

    protected TempFolder Temp { get; } = new();

    IBackupPlace Place { get; set; } = null!;

    internal abstract IBackupPlace Open();

    /// <summary>What the place really keeps, by whole name, without asking it.</summary>
    protected abstract IReadOnlyList<string> Kept();

    public Task InitializeAsync()
    {
        try
        {
            Place = Open();
            return Task.CompletedTask;
        }
        catch (SkipException)
        {
            // Then there is no DisposeAsync.
            Temp.Dispose();
            throw;
        }
    }

    public async Task DisposeAsync()
    {
        await Place.DisposeAsync();
        Temp.Dispose();
    }

    [SkippableFact]
    public async Task An_empty_place_has_no_files()
    {
        Assert.Empty(await Place.ListAsync(default));
        Assert.Null(await Place.OpenAsync(Key, default));
        Assert.False(await Place.DeleteAsync(Key, default));
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300_000)]
    public async Task What_is_stored_is_listed_read_and_removed(int size)
    {
        var file = TestFile.Create(Temp, size);

        await Place.StoreAsync(Key, file.Path, file.Sha256, null, default);

        Assert.Equal([new PlaceFile(Key, size)], await Place.ListAsync(default));
        Assert.Equal(file.Content, await ReadAsync(Key));
        Assert.True(await Place.DeleteAsync(Key, default));
        Assert.False(await Place.DeleteAsync(Key, default));
        Assert.Empty(await Place.ListAsync(default));
        Assert.Null(await Place.OpenAsync(Key, default));
        Assert.Empty(Kept());
    }

    [SkippableFact]
    public async Task Files_beside_the_folders_are_listed_too()
    {
        var file = TestFile.Create(Temp, 10);
        string[] keys = ["auth/a.dump", "auth/a.dump.json", "roles.sql", "täble spaced+%41/ünï #1?&=.dump"];

        foreach (var key in keys)
            await Place.StoreAsync(key, file.Path, file.Sha256, null, default);

        Assert.Equal(keys.Order(), (await Place.ListAsync(default)).Select(f => f.Key).Order());
        Assert.Equal(file.Content, await ReadAsync(keys[^1]));
        Assert.EndsWith(keys[0], Place.LocationOf(keys[0]), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Storing_again_replaces_the_whole_file()
    {
        var old = TestFile.Create(Temp, 5000);
        await Place.StoreAsync(Key, old.Path, old.Sha256, null, default);
        var file = TestFile.Create(Temp, 200);

        await Place.StoreAsync(Key, file.Path, file.Sha256, null, default);

        Assert.Equal([new PlaceFile(Key, 200)], await Place.ListAsync(default));
        Assert.Equal(file.Content, await ReadAsync(Key));
        Assert.Single(Kept());
    }

    [SkippableFact]
    public async Task A_new_name_replaces_no_file()
    {
        var old = TestFile.Create(Temp, 5000);
        Assert.True(await Place.StoreAsync(Key, old.Path, old.Sha256, null, default, replace: false));
        var file = TestFile.Create(Temp, 200, "other");

        var e = await Assert.ThrowsAsync<TakenKeyException>(
            () => Place.StoreAsync(Key, file.Path, file.Sha256, null, default, replace: false));

        Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
        Assert.Contains($"already another file {Place.LocationOf(Key)}", e.Message, StringComparison.Ordinal);
        Assert.Equal(old.Content, await ReadAsync(Key));
        Assert.False(await Place.StoreAsync(Key, old.Path, old.Sha256, null, default, replace: false)); // the same is no other
        Assert.Single(Kept());
        Assert.Null(Place.Caveat);
    }

    [SkippableFact]
    public async Task Of_many_that_store_one_new_name_at_once_one_succeeds()
    {
        var files = Enumerable.Range(0, 6).Select(i => TestFile.Create(Temp, 100_000 + i, $"many-{i}")).ToList();

        var stored = await Task.WhenAll(files.Select(async file =>
        {
            try
            {
                return await Place.StoreAsync(Key, file.Path, file.Sha256, null, default, replace: false);
            }
            catch (TakenKeyException)
            {
                return false;
            }
        }));

        Assert.Single(stored, true);
        Assert.Equal(files[Array.IndexOf(stored, true)].Content, await ReadAsync(Key));
        Assert.Single(Kept());
    }

    [SkippableFact]
    public async Task Progress_grows_up_to_the_files_size()
    {
        var file = TestFile.Create(Temp, 700_000);
        var told = new List<long>();

        await Place.StoreAsync(Key, file.Path, file.Sha256, told.Add, default);

        Assert.Equal(told.Order(), told);
        Assert.Equal(700_000, told[^1]);
    }

    [SkippableFact]
    public async Task A_file_that_is_not_the_one_to_be_stored_is_refused()
    {
        var file = TestFile.Create(Temp, 400_000);
        file.Content[1234] ^= 1;
        await File.WriteAllBytesAsync(file.Path, file.Content);

        var e = await Assert.ThrowsAsync<BackupSyncException>(() => Place.StoreAsync(Key, file.Path, file.Sha256, null, default));

        Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
        Assert.Contains("SHA-256", e.Message, StringComparison.Ordinal);
        Assert.Empty(await Place.ListAsync(default));
        Assert.Empty(Kept());
    }

    [SkippableFact]
    public async Task A_missing_file_is_an_error_and_leaves_nothing()
    {
        var e = await Assert.ThrowsAsync<BackupSyncException>(
            () => Place.StoreAsync(Key, Temp.File("none"), new string('0', 64), null, default));

        Assert.Equal(ErrorIds.FileFailed, e.ErrorId);
        Assert.Empty(Kept());
    }

    [SkippableFact]
    public async Task A_cancelled_store_leaves_nothing()
    {
        var file = TestFile.Create(Temp, 4_000_000);
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Place.StoreAsync(Key, file.Path, file.Sha256, _ => cancel.Cancel(), cancel.Token));

        Assert.Empty(await Place.ListAsync(default));
        Assert.Empty(Kept());
    }

    [SkippableFact]
    public async Task A_cancelled_replacement_keeps_a_whole_file()
    {
        var old = TestFile.Create(Temp, 1000);
        await Place.StoreAsync(Key, old.Path, old.Sha256, null, default);
        var file = TestFile.Create(Temp, 4_000_000);
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Place.StoreAsync(Key, file.Path, file.Sha256, _ => cancel.Cancel(), cancel.Token));

        Assert.Contains(await ReadAsync(Key), new[] { old.Content, file.Content });
        Assert.Single(Kept());
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../x")]
    [InlineData("auth/..")]
    [InlineData("auth/../../x")]
    [InlineData("./x")]
    [InlineData("auth//x")]
    [InlineData("auth/")]
    [InlineData("a/b/c")]
    [InlineData(@"..\x")]
    [InlineData("a\nb")]
    public async Task A_key_that_leads_elsewhere_is_refused(string key)
    {
        var file = TestFile.Create(Temp, 10);

        foreach (var use in new Func<Task>[]
        {
            () => Place.StoreAsync(key, file.Path, file.Sha256, null, default),
            () => Place.OpenAsync(key, default),
            () => Place.DeleteAsync(key, default),
        })
        {
            Assert.Equal(ErrorIds.PlaceFailed, (await Assert.ThrowsAsync<BackupSyncException>(use)).ErrorId);
        }
        Assert.Empty(Kept());
    }

    async Task<byte[]> ReadAsync(string key)
    {
        await using var stream = await Place.OpenAsync(key, default);
        Assert.NotNull(stream);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content);
        return content.ToArray();
    }
}
