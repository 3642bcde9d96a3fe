using System.Text.Json;
using System.Text.Json.Nodes;
using BackupSync.Backups;
using BackupSync.Encryption;

namespace BackupSync.Tests.Backups;

[Trait("Needs", "nothing")]
public sealed class ManifestStoreTests : IDisposable
{
    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void What_is_written_is_read()
    {
        var manifest = BackupSamples.Manifest("a.dump", [1, 2, 3], BackupKind.Safety);
        ManifestStore.Write(_temp.File("a.dump"), manifest);

        var read = ManifestStore.Read(_temp.File("a.dump"));

        Assert.Equal(JsonSerializer.Serialize(manifest), JsonSerializer.Serialize(read with { Checksum = manifest.Checksum }));
        Assert.Equal(13, read.Fingerprint.TotalRows());
    }

    [Fact]
    public void The_file_is_readable_for_people_and_programs()
    {
        var path = BackupSamples.Add(_temp.Path, "a.dump", BackupKind.Safety);

        var text = File.ReadAllText(ManifestStore.PathOf(path));

        Assert.Contains("\n  \"run_id\": \"a1b2c3d4\",\n", text, StringComparison.Ordinal);
        Assert.Contains("\"kind\": \"Safety\"", text, StringComparison.Ordinal);
        Assert.Contains("Größe \\\"測試\\\"", text, StringComparison.Ordinal);
        Assert.Contains("\"public.Users\": {", text, StringComparison.Ordinal);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        Assert.Equal([path, path + ".json"], Directory.GetFiles(_temp.Path).Order());
    }

    [Fact]
    public void Writing_beside_another_file_is_a_mistake_of_the_program() =>
        Assert.Throws<ArgumentException>(() => ManifestStore.Write(_temp.File("b.dump"), BackupSamples.Manifest("a.dump", [])));

    [Theory]
    [InlineData("../a.dump.globals.sql")]
    [InlineData("a.dump/../../precious")]
    [InlineData("a.dump.x\\..\\y")]
    [InlineData("b.dump.globals.sql")]
    [InlineData("a.dump")]
    [InlineData("a.dump.json")]
    [InlineData("")]
    public void A_companion_that_is_not_the_archives_own_is_refused(string companion)
    {
        BackupSamples.Add(_temp.Path, "a.dump", change: m => m with { Companions = [new CompanionFile(companion, 1, "00", null)] });

        AssertInvalid("names a companion that does not belong to its archive");
    }

    [Fact]
    public void Less_than_no_days_are_refused()
    {
        BackupSamples.Add(_temp.Path, "a.dump", change: m => m with { KeepDays = -1 });

        AssertInvalid("states less than no days");
    }

    [Fact]
    public void No_manifest_is_told()
    {
        _temp.Write("a.dump", "PGDMP");

        AssertInvalid("has no manifest");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("{\"format\": 1, \"file\": \"a.du")]
    [InlineData("{\"format\": 1}")]
    public void What_is_torn_or_lacks_fields_is_damaged(string text)
    {
        _temp.Write("a.dump.json", text);

        AssertInvalid("is damaged");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"format\": \"1\"}")]
    [InlineData("{\"format\": 0}")]
    public void What_states_no_format_is_no_manifest(string text)
    {
        _temp.Write("a.dump.json", text);

        AssertInvalid("states no format");
    }

    [Fact]
    public void A_newer_format_is_refused_even_where_its_fields_differ()
    {
        _temp.Write("a.dump.json", "{\"format\": 4, \"archives\": []}");

        AssertInvalid("format 4, this release reads up to 3: it was written by a newer BackupSync");
    }

    [Theory]
    [InlineData("file", "b.dump", "belongs to another file, b.dump")]
    [InlineData("sha256", "abc", "SHA-256")]
    [InlineData("size", -1, "size")]
    [InlineData("kind", "Weekly", "damaged")]
    [InlineData("kind", 1, "damaged")]
    [InlineData("run_id", null, "damaged")]
    public void A_field_that_cannot_be_is_told(string key, object? value, string expected)
    {
        Change(json => json[key] = JsonSerializer.SerializeToNode(value));

        AssertInvalid(expected);
    }

    [Fact]
    public void A_field_missing_deep_inside_is_told()
    {
        Change(json => json["fingerprint"]!["tables"]!["public.Users"]!.AsObject().Remove("rows"));

        AssertInvalid("rows");
    }

    [Fact]
    public void Fields_added_by_a_later_release_are_passed_over()
    {
        Change(json => json["copied_to"] = "s3://elsewhere");

        Assert.Equal("a.dump", ManifestStore.Read(_temp.File("a.dump")).File);
    }

    [Fact]
    public void A_flipped_bit_anywhere_is_found()
    {
        var path = BackupSamples.Add(
            _temp.Path,
            "a.dump",
            change: m => m with { Tag = "before", Encryption = new EncryptionInfo(600_000, "00ff", "00ff") }) + ".json";
        var good = File.ReadAllBytes(path);
        for (var bit = 0; bit < good.Length * 8; bit++)
        {
            var bad = good.ToArray();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, bad);

            var e = Assert.Throws<BackupSyncException>(() => ManifestStore.Read(_temp.File("a.dump")));
            Assert.Equal(ErrorIds.BackupInvalid, e.ErrorId);
        }
    }

    void Change(Action<JsonObject> change)
    {
        BackupSamples.Add(_temp.Path, "a.dump");
        var json = JsonNode.Parse(File.ReadAllText(_temp.File("a.dump.json")))!.AsObject();
        json["format"] = 1; // which has no checksum to fit
        change(json);
        File.WriteAllText(_temp.File("a.dump.json"), json.ToJsonString());
    }

    void AssertInvalid(string expected)
    {
        var e = Assert.Throws<BackupSyncException>(() => ManifestStore.Read(_temp.File("a.dump")));
        Assert.Equal(ErrorIds.BackupInvalid, e.ErrorId);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains(_temp.Path, e.Message, StringComparison.Ordinal);
    }
}
