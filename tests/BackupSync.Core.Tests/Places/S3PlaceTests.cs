using BackupSync.Configuration;
using BackupSync.Places;

namespace BackupSync.Tests.Places;

public sealed class S3PlaceTests(S3Server server) : PlaceContract, IClassFixture<S3Server>
{
    const string Key = "auth/auth.dump";

    S3PlaceConfig? _config;

    S3PlaceConfig Config => _config ??= server.CreateBucket();

    internal override IBackupPlace Open() => BackupPlaces.Open(Config);

    protected override IReadOnlyList<string> Kept() => server.Kept(Config);

    [SkippableFact]
    public async Task More_files_are_listed_than_the_server_tells_at_once()
    {
        var file = TestFile.Create(Temp, 10);
        await using var place = Open();
        await place.StoreAsync(Key, file.Path, file.Sha256, null, default);
        for (var i = 0; i < 250; i++)
            server.Duplicate(Config, Key, $"copy-{i}");

        Assert.Equal(251, (await place.ListAsync(default)).DistinctBy(f => f.Key).Count());
    }

    [SkippableFact]
    public async Task What_is_outside_the_prefix_is_not_ours()
    {
        var file = TestFile.Create(Temp, 10);
        await using var place = Open();
        await using var other = BackupPlaces.Open(Config with { Prefix = "other/" });
        await other.StoreAsync(Key, file.Path, file.Sha256, null, default);

        Assert.Empty(await place.ListAsync(default));
        Assert.Null(await place.OpenAsync(Key, default));
        Assert.Equal($"s3://{Config.Bucket}/pg/{Key}", place.LocationOf(Key));
    }

    [SkippableFact]
    public async Task A_large_file_goes_up_in_parts()
    {
        await using var place = new S3Place(Config, new S3Limits { PartSize = 1_000_000 });
        var file = TestFile.Create(Temp, 5_300_000);
        var told = new List<long>();

        await place.StoreAsync(Key, file.Path, file.Sha256, told.Add, default);

        Assert.Equal(file.Content, await File.ReadAllBytesAsync(server.ContentFile(Config, Key)));
        Assert.Equal([$"pg/{Key}"], Kept());
        Assert.Equal(7, told.Count); // six parts, and the whole
        Assert.Equal(told.Order(), told);
    }

    [SkippableTheory]
    [InlineData(500_000)]
    [InlineData(4_000_000)]
    public async Task A_name_that_another_machine_takes_meanwhile_is_not_replaced(int size)
    {
        await using var place = new S3Place(Config, new S3Limits { PartSize = 1_000_000 });
        await using var others = Open();
        var file = TestFile.Create(Temp, size);
        var other = TestFile.Create(Temp, 1000, "other");
        await others.StoreAsync(Key, other.Path, other.Sha256, null, default);
        server.HideFromSearch(Config, Key);

        await Assert.ThrowsAsync<TakenKeyException>(() => place.StoreAsync(Key, file.Path, file.Sha256, null, default, replace: false));

        Assert.Equal(other.Content, await File.ReadAllBytesAsync(server.ContentFile(Config, Key)));
        Assert.Equal([$"pg/{Key}"], Kept()); // and no part of it
        // The answer to an upload may be lost: what is asked for again then is there, and is ours.
        Assert.False(await place.StoreAsync(Key, other.Path, other.Sha256, null, default, replace: false));
        Assert.True(await place.StoreAsync(Key, file.Path, file.Sha256, null, default)); // replacing asks for no condition
        Assert.Equal(file.Content, await File.ReadAllBytesAsync(server.ContentFile(Config, Key)));
    }

    [SkippableTheory]
    [InlineData(S3Conditions.Refused, 1000)]
    [InlineData(S3Conditions.Refused, 3_000_000)]
    [InlineData(S3Conditions.Ignored, 1000)]
    public async Task A_server_that_knows_no_conditions_stores_and_is_told_of(S3Conditions conditions, int size)
    {
        var config = server.CreateBucket(conditions: conditions);
        await using var place = new S3Place(config, new S3Limits { PartSize = 1_000_000 });
        var file = TestFile.Create(Temp, size);
        var other = TestFile.Create(Temp, size, "other");
        Assert.Null(place.Caveat);

        Assert.True(await place.StoreAsync(Key, file.Path, file.Sha256, null, default, replace: false));

        Assert.Contains("If-None-Match", place.Caveat, StringComparison.Ordinal);
        Assert.Contains(config.Name, place.Caveat, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TakenKeyException>(() => place.StoreAsync(Key, other.Path, other.Sha256, null, default, replace: false));
        Assert.Equal(file.Content, await File.ReadAllBytesAsync(server.ContentFile(config, Key)));
    }

    [SkippableTheory]
    [InlineData(1000)]
    [InlineData(3_000_000)]
    public async Task Where_conditions_are_ignored_another_machines_file_is_not_removed(int size)
    {
        var config = server.CreateBucket(conditions: S3Conditions.Ignored);
        await using var place = new S3Place(config, new S3Limits { PartSize = 1_000_000 });
        await using var others = BackupPlaces.Open(config);
        var file = TestFile.Create(Temp, size);
        var other = TestFile.Create(Temp, 1000, "other");

        await Assert.ThrowsAsync<TakenKeyException>(() => place.StoreAsync(Key, file.Path, file.Sha256, done =>
        {
            if (done == size)
                others.StoreAsync(Key, other.Path, other.Sha256, null, default).GetAwaiter().GetResult();
        }, default, replace: false));

        Assert.Equal(other.Content, await File.ReadAllBytesAsync(server.ContentFile(config, Key)));
    }

    [SkippableFact]
    public async Task A_cancelled_upload_in_parts_leaves_no_part()
    {
        await using var place = new S3Place(Config, new S3Limits { PartSize = 1_000_000 });
        var file = TestFile.Create(Temp, 9_000_000);
        using var cancel = new CancellationTokenSource();
        var parts = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => place.StoreAsync(Key, file.Path, file.Sha256, _ =>
        {
            parts = Kept().Count;
            cancel.Cancel();
        }, cancel.Token));

        Assert.Equal(1, parts); // it was under way
        Assert.Empty(Kept());
    }

    [SkippableFact]
    public async Task A_file_changed_while_it_goes_up_in_parts_is_refused()
    {
        await using var place = new S3Place(Config, new S3Limits { PartSize = 1_000_000, PartsAtOnce = 1 });
        var file = TestFile.Create(Temp, 4_000_000);
        await using var writer = new FileStream(file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 0);

        var e = await Assert.ThrowsAsync<BackupSyncException>(() => place.StoreAsync(Key, file.Path, file.Sha256, done =>
        {
            writer.Position = 3_500_000;
            writer.WriteByte((byte)~file.Content[3_500_000]);
        }, default));

        Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
        Assert.Empty(Kept());
    }

    [SkippableFact]
    public async Task Uploads_that_a_dead_process_left_are_removed_when_they_are_old()
    {
        var limits = new S3Limits { PartSize = 1_000_000 };
        using var bucket = new S3Bucket(Config, limits);
        for (var i = 0; i < 2; i++)
        {
            await bucket.AskAsync(
                "be stored",
                "pg/dead",
                (client, idle) => client.InitiateMultipartUploadAsync(Config.Bucket, "pg/dead", idle.Token),
                default);
            if (i == 0)
                server.SetBegin(Config, DateTime.UtcNow.AddDays(-2));
        }
        var file = TestFile.Create(Temp, 2_000_000);
        await using var place = new S3Place(Config, limits);

        await place.StoreAsync(Key, file.Path, file.Sha256, null, default);

        Assert.Equal([$"pg/{Key}", "upload"], Kept());
    }

    [SkippableFact]
    public async Task An_object_lost_since_it_was_listed_is_null()
    {
        var file = TestFile.Create(Temp, 1000);
        await using var place = Open();
        await place.StoreAsync(Key, file.Path, file.Sha256, null, default);
        var listed = Assert.Single(await place.ListAsync(default));

        File.Delete(server.ContentFile(Config, Key));

        Assert.Null(await place.OpenAsync(listed.Key, default));
        Assert.False(await place.DeleteAsync(listed.Key, default));
    }

    [SkippableFact]
    public async Task An_ETag_that_is_not_the_contents_MD5_does_not_matter()
    {
        var file = TestFile.Create(Temp, 100_000);
        await using var place = Open();
        await place.StoreAsync(Key, file.Path, file.Sha256, null, default);
        server.SetETag(Config, Key, new string('0', 32));

        await using var stream = await place.OpenAsync(Key, default);
        var content = new byte[file.Content.Length];
        await stream!.ReadExactlyAsync(content);

        Assert.Equal(file.Content, content);
        Assert.Equal(0, await stream.ReadAsync(content));
    }

    [SkippableFact]
    public async Task A_longer_name_is_not_taken_for_a_shorter_one()
    {
        var file = TestFile.Create(Temp, 10);
        await using var place = Open();
        await place.StoreAsync(Key + ".json", file.Path, file.Sha256, null, default);

        Assert.False(await place.DeleteAsync(Key, default));
        Assert.Equal(Key + ".json", Assert.Single(await place.ListAsync(default)).Key);
    }

    [SkippableFact]
    public async Task A_missing_bucket_is_named()
    {
        await using var place = BackupPlaces.Open(Config with { Bucket = "no-such-bucket" });
        var file = TestFile.Create(Temp, 10);

        foreach (var use in UsesOf(place, file))
        {
            var e = await Assert.ThrowsAsync<BackupSyncException>(use);
            Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
            Assert.Contains("no-such-bucket", e.Message, StringComparison.Ordinal);
            Assert.Contains("NoSuchBucket", e.Message, StringComparison.Ordinal);
            Assert.Contains("Create the bucket", e.Advice, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task Wrong_credentials_are_said_without_a_secret()
    {
        await using var place = BackupPlaces.Open(Config with { AccessKey = "SOMEBODY" });
        var file = TestFile.Create(Temp, 10);

        foreach (var use in UsesOf(place, file))
        {
            var e = await Assert.ThrowsAsync<BackupSyncException>(use);
            Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
            Assert.Contains("InvalidAccessKeyId", e.Message, StringComparison.Ordinal);
            Assert.Contains("accessKey", e.Advice, StringComparison.Ordinal);
            Assert.DoesNotContain(Config.SecretKey!.Reveal(), e.ToString(), StringComparison.Ordinal);
        }
        Assert.Empty(Kept());
    }

    static IEnumerable<Func<Task>> UsesOf(IBackupPlace place, TestFile file) =>
    [
        () => place.ListAsync(default),
        () => place.OpenAsync(Key, default),
        () => place.StoreAsync(Key, file.Path, file.Sha256, null, default),
        () => place.DeleteAsync(Key, default),
    ];
}
