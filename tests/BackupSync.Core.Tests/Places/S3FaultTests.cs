using BackupSync.Configuration;
using BackupSync.Places;

namespace BackupSync.Tests.Places;

/// <summary>A line and a server that fail.</summary>
public sealed class S3FaultTests : IClassFixture<S3Server>, IAsyncLifetime
{
    const string Key = "auth/auth.dump";

    static readonly S3Limits InParts = new() { PartSize = 1_000_000, Retries = 1 };

    static readonly int[] Statuses = [200, 200, 204, 206, 301, 403, 404, 412, 500, 503];

    readonly TempFolder _temp;
    readonly S3Server _server;
    readonly TcpProxy _proxy;
    readonly S3PlaceConfig _config;

    public S3FaultTests(S3Server server)
    {
        _server = server;
        _proxy = new TcpProxy(server.Port);
        _config = server.CreateBucket(_proxy.Port);
        _temp = new TempFolder();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _temp.Dispose();
    }

    [SkippableFact]
    public async Task A_server_that_is_not_there_is_said_to_be_unreachable()
    {
        var stopped = new S3Server();
        await stopped.InitializeAsync();
        var config = stopped.CreateBucket();
        await stopped.StopAsync();
        await using var place = new S3Place(config, InParts);

        foreach (var e in await FailuresAsync(place))
        {
            Assert.Contains("refused", e.Message, StringComparison.OrdinalIgnoreCase);
            Assert.Contains($"127.0.0.1:{config.Endpoint!.Port}", e.Advice, StringComparison.Ordinal);
        }
        await stopped.DisposeAsync();
    }

    /// <summary>
    /// A console's port, a login page of a proxy: the SDK takes one for a fault of its own, and the other for an empty place.
    /// </summary>
    [Theory]
    [InlineData("<!doctype html><html><body><p>Please log in<br></body></html>")]
    [InlineData("<html><body><p>Please log in</p></body></html>")]
    [InlineData("{\"error\": \"login_required\"}")]
    [InlineData("")]
    public async Task A_web_page_is_no_place_for_backups(string page)
    {
        await using var web = new WebPage(page);
        await using var place = new S3Place(_config with { Endpoint = web.Address }, InParts);

        foreach (var e in await FailuresAsync(place))
        {
            Assert.Contains("no S3 server", e.Message, StringComparison.Ordinal);
            Assert.Contains("endpoint", e.Advice, StringComparison.Ordinal);
        }
    }

    /// <summary>Whatever a server answers is the place's failure, or nothing; and it ends.</summary>
    [Fact]
    public async Task No_answer_of_a_place_ends_in_a_crash()
    {
        var random = new Random(11);
        var file = TestFile.Create(_temp, 10);
        for (var i = 0; i < 5 * Fuzz.WrongValues.Count; i++)
        {
            await using var web = new WebPage(Answer(random), Statuses[random.Next(Statuses.Length)]);
            await using var place = new S3Place(
                _config with { Endpoint = web.Address },
                InParts with { Answer = TimeSpan.FromSeconds(4), Undoing = TimeSpan.FromSeconds(1), Retries = 0 });
            foreach (var use in new Func<Task>[]
                {
                    () => place.ListAsync(default), () => place.StoreAsync(Key, file.Path, file.Sha256, null, default), () => place
                        .DeleteAsync(Key, default),
                    async () => await ReadAsync(await place.OpenAsync(Key, default)),
                })
            {
                if (await Record.ExceptionAsync(use) is not { } failure)
                    continue;
                var e = Assert.IsAssignableFrom<BackupSyncException>(failure);
                Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
                Assert.False(Fuzz.WrongValues.IsCrash(e.Message), e.Message);
            }
        }

        static async Task ReadAsync(Stream? content)
        {
            if (content is not null)
                await content.CopyToAsync(Stream.Null);
        }
    }

    /// <summary>Listings and errors with pieces missing, doubled, or exchanged for what is none.</summary>
    static string Answer(Random random)
    {
        string[] wholes =
        [
            "<ListBucketResult><Name>b</Name><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
                + "<Contents><Key>auth/auth.dump</Key><Size>10</Size>"
                + "<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>x</ETag></Contents></ListBucketResult>",
            "<ListBucketResult><Name>b</Name><KeyCount>1</KeyCount><IsTruncated>true</IsTruncated>"
                + "<NextContinuationToken>t</NextContinuationToken><Contents><Key>k</Key></Contents></ListBucketResult>",
            "<Error><Code>AccessDenied</Code><Message>no</Message></Error>", "<InitiateMultipartUploadResult/>", "", "{}", "<html>",
        ];
        var text = wholes[random.Next(wholes.Length)];
        for (var edits = random.Next(4); edits > 0 && text.Length > 0; edits--)
        {
            var at = random.Next(text.Length);
            var length = Math.Min(random.Next(20), text.Length - at);
            text = random.Next(3) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, text.Substring(at, length)),
                _ => text.Remove(at, length).Insert(at, Fuzz.WrongValues.For($"{at}").First()),
            };
        }
        return text;
    }

    [SkippableTheory]
    [InlineData(500_000)]
    [InlineData(6_000_000)]
    public async Task A_line_cut_for_good_leaves_nothing_visible_and_the_next_try_works(int size)
    {
        await using var place = new S3Place(_config, InParts);
        var file = TestFile.Create(_temp, size);
        _proxy.CutAfter(size / 2);

        var e = await Assert.ThrowsAsync<BackupSyncException>(() => place.StoreAsync(Key, file.Path, file.Sha256, null, default));

        Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
        Assert.Contains("Removing what was uploaded failed too", e.Message, StringComparison.Ordinal);
        _proxy.Restore();
        Assert.Empty(await place.ListAsync(default));
        Assert.Null(await place.OpenAsync(Key, default));
        await place.StoreAsync(Key, file.Path, file.Sha256, null, default);
        Assert.Equal([new PlaceFile(Key, size)], await place.ListAsync(default));
    }

    [SkippableTheory]
    [InlineData(500_000)]
    [InlineData(6_000_000)]
    public async Task A_line_cut_for_a_moment_is_survived(int size)
    {
        await using var place = new S3Place(_config, InParts with { Retries = 4 });
        var file = TestFile.Create(_temp, size);
        _proxy.CutAfter(size / 2);

        var storing = place.StoreAsync(Key, file.Path, file.Sha256, null, default);
        await Eventually.IsTrueAsync(() => _proxy.Passed > size / 2, "the line is cut", seconds: 30, pause: 5);
        _proxy.Restore();
        await storing;

        Assert.Equal([$"pg/{Key}"], _server.Kept(_config));
    }

    [SkippableFact]
    public async Task A_line_lost_while_cancelling_still_ends_within_limits()
    {
        await using var place = new S3Place(_config, InParts with { Undoing = TimeSpan.FromSeconds(1) });
        var file = TestFile.Create(_temp, 4_000_000);
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => place.StoreAsync(Key, file.Path, file.Sha256, _ =>
        {
            _proxy.Stall();
            cancel.Cancel();
        }, cancel.Token));
        _proxy.Restore();
    }

    [SkippableFact]
    public async Task A_server_that_falls_silent_meets_the_limit()
    {
        await using var place = new S3Place(_config, InParts with { Answer = TimeSpan.FromSeconds(2), Undoing = TimeSpan.FromSeconds(1) });
        _proxy.Stall();

        foreach (var e in await FailuresAsync(place))
        {
            Assert.Contains("nothing was heard", e.Message, StringComparison.Ordinal);
            Assert.Contains("can be reached", e.Advice, StringComparison.Ordinal);
            Assert.Contains("limits.connect", e.Advice, StringComparison.Ordinal);
        }
        _proxy.Restore();
    }

    [SkippableFact]
    public async Task An_upload_that_falls_silent_half_way_leaves_no_part()
    {
        await using var place = new S3Place(_config, InParts with { Silence = TimeSpan.FromSeconds(1), Undoing = TimeSpan.FromMinutes(1) });
        var file = TestFile.Create(_temp, 6_000_000);
        var storing = place.StoreAsync(Key, file.Path, file.Sha256, _ => _proxy.Stall(), default);

        // A part meets its limit twice; what removes it has a longer one.
        await Task.Delay(TimeSpan.FromSeconds(5));
        _proxy.Restore();
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => storing);

        Assert.Contains("nothing was heard", e.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Kept(_config));
    }

    [SkippableFact]
    public async Task Reading_goes_on_where_the_line_was_cut()
    {
        await using var place = new S3Place(_config, new S3Limits());
        var file = TestFile.Create(_temp, 8_000_000);
        await place.StoreAsync(Key, file.Path, file.Sha256, null, default);
        await using var stream = await place.OpenAsync(Key, default);
        using var content = new MemoryStream();

        var buffer = new byte[100_000];
        int count;
        while ((count = await stream!.ReadAsync(buffer)) > 0)
        {
            if (content.Length / 2_000_000 != (content.Length + count) / 2_000_000)
            {
                _proxy.CutNow();
                _proxy.Restore();
            }
            content.Write(buffer, 0, count);
        }

        Assert.Equal(file.Content, content.ToArray());
    }

    [SkippableFact]
    public async Task A_bucket_that_dribbles_is_given_up_and_a_reader_that_takes_his_time_is_not()
    {
        await using var patient = new S3Place(_config, InParts);
        await using var place = new S3Place(_config, InParts with { Answer = TimeSpan.FromSeconds(4) });
        // More than the line's buffers hold of it while the reader takes his time.
        var file = TestFile.Create(_temp, 80_000_000);
        await patient.StoreAsync(Key, file.Path, file.Sha256, null, default);
        await using var stream = await place.OpenAsync(Key, default);
        var buffer = new byte[100];
        for (var i = 0; i < 6; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            await stream!.ReadExactlyAsync(buffer);
        }

        _proxy.Dribble();
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => stream!.CopyToAsync(Stream.Null).WaitAsync(TimeSpan.FromMinutes(1)));

        Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
        Assert.Contains(Key, e.Message, StringComparison.Ordinal);
        Assert.Contains("it sends less than 1 kB a second", e.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reading_does_not_go_on_in_another_object(bool replaced)
    {
        await using var place = new S3Place(_config, InParts);
        var file = TestFile.Create(_temp, 8_000_000);
        await place.StoreAsync(Key, file.Path, file.Sha256, null, default);
        await using var stream = await place.OpenAsync(Key, default);
        await stream!.ReadExactlyAsync(new byte[1000]);

        _proxy.CutNow();
        _proxy.Restore();
        var other = TestFile.Create(_temp, 8_000_000, "other");
        if (replaced)
            await place.StoreAsync(Key, other.Path, other.Sha256, null, default);
        else
            await place.DeleteAsync(Key, default);

        var e = await Assert.ThrowsAsync<BackupSyncException>(() => stream.CopyToAsync(Stream.Null));
        Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId);
        Assert.Contains(Key, e.Message, StringComparison.Ordinal);
    }

    /// <summary>How a place tells that it cannot be used, whatever is asked of it.</summary>
    async Task<IReadOnlyList<BackupSyncException>> FailuresAsync(S3Place place)
    {
        var file = TestFile.Create(_temp, 10);
        var failures = new[]
        {
            await Assert.ThrowsAsync<BackupSyncException>(() => place.ListAsync(default)),
            await Assert.ThrowsAsync<BackupSyncException>(() => place.StoreAsync(Key, file.Path, file.Sha256, null, default)),
        };
        Assert.All(failures, e => Assert.Equal(ErrorIds.PlaceFailed, e.ErrorId));
        return failures;
    }
}
