using System.Text.Json;
using System.Text.Json.Nodes;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Encryption;
using BackupSync.Operations.Expire;
using BackupSync.Tests.CommandLine;
using BackupSync.Tests.Operations.BackUp;

namespace BackupSync.Tests.Backups;

/// <summary>One manifest that is none must not keep anybody from all others.</summary>
public sealed class AlteredManifestTests(Servers servers) : IClassFixture<Servers>
{
    /// <summary>What is put in the place of any value.</summary>
    static readonly string[] Values =
    [
        "null", "-1", "0", "1e300", "9223372036854775807", "-9223372036854775808", "3.5", "true", "\"\"", "\"x\"",
        "\"\\u0000\\u001b[2J\"", "\"0001-01-01T00:00:00Z\"",
        "1e400", "-1e400",
        "\"9999-12-31T23:59:59.9999999Z\"", "[]", "[null]", "[[[[[]]]]]", "{}", "{\"a\": null}", "{\"a\": {\"rows\": -1, \"hash\": "
            + "null, \"bytes\": 1}}",
        "{\"a\": {\"rows\": 9223372036854775807, \"hash\": null, \"bytes\": 1}, \"b\": {\"rows\": 9223372036854775807, \"hash\": null, "
            + "\"bytes\": 1}}",
    ];

    static readonly (string Name, string Change)[] Malformed =
    [
        ("nothing", ""),
        ("no JSON", "{\"format\": 1, \"file\": "),
        ("null", "null"),
        ("a list", "[1, 2, 3]"),
        ("deep", new string('[', 100_000)),
        ("an unknown format", "{\"format\": 2147483647}"),
        ("a format that is no number", "{\"format\": {}}"),
        ("null fields", "file: null"),
        ("a null fingerprint", "fingerprint: null"),
        ("null tables", "fingerprint.tables: {\"public.users\": null}"),
        ("null companions", "companions: [null]"),
        ("null encryption", "encryption: {\"iterations\": 600000, \"mac_salt\": null, \"hmac\": null}"),
        ("a null signature", "signature: {\"key\": null, \"salt\": null, \"hmac\": null}"),
        ("a negative size", "size: -1"),
        ("negative rows", "fingerprint.tables: {\"public.users\": {\"rows\": -5, \"hash\": null, \"bytes\": 0}}"),
        ("more rows than there are numbers", $"fingerprint.tables: {Values[^1]}"),
        ("an unknown kind", "kind: \"Weekly\""),
        ("a number for a text", "job: 5"),
        ("no version", "tool_version: \"new\""),
        ("no date", "created: \"yesterday\""),
        ("a number that cannot be", "proof: {\"how\": \"Integrity\", \"time\": \"2026-01-01T00:00:00Z\", \"duration_seconds\": 1e400, "
            + "\"rto_met\": null, \"rpo_met\": null, \"problem\": null}"),
    ];

    [Fact]
    public void Whatever_one_value_is_the_folder_is_listed()
    {
        using var folder = new TempFolder();
        var good = BackupSamples.Add(folder.Path, "good.dump");
        var path = BackupSamples.Add(folder.Path, "a.dump", change: m => m with
        {
            Proof = new ProofRecord(BackupProof.Drill, DateTimeOffset.UtcNow, 1.5, true, true, null),
            Tag = "t", Encryption = new EncryptionInfo(600_000, "00", "00"), Companions = [new CompanionFile("a.dump.x", 1, "00", null)],
        });
        var encryption = new EncryptionConfig(Vault.Passphrase);
        var original = JsonNode.Parse(File.ReadAllText(path + ".json"))!;
        original["format"] = 1; // which has no checksum to fit
        foreach (var place in PlacesIn(original, []))
        {
            foreach (var value in Values)
            {
                var changed = original.DeepClone();
                Set(At(changed, place[..^1]), place[^1], JsonNode.Parse(value));
                File.WriteAllText(path + ".json", changed.ToJsonString());

                var entries = BackupFolder.Scan(folder.Path, encryption);
                Assert.True(entries.Single(e => e.Path == good).IsGood, $"{string.Join('.', place)} = {value}");
                var entry = entries.Single(e => e.Path == path);
                Assert.True(
                    entry.Problem is { Length: > 0 } || entry.Backup?.NotAuthenticated is { Length: > 0 },
                    $"{string.Join('.', place)} = {value}");
                _ = Retention.Decide(entries, RetentionRules.OfJob(7, null, _ => []), DateTimeOffset.UtcNow);
                // Where there is no passphrase, nobody holds it off from what it says.
                entries = BackupFolder.Scan(folder.Path);
                _ = Retention.Decide(entries, RetentionRules.OfJob(7, null, _ => []), DateTimeOffset.UtcNow);
                _ = entries.Single(e => e.Path == path).Backup?.Proof?.Describe(DateTimeOffset.UtcNow);
                _ = JsonSerializer.Serialize(entries, JsonFormat.Indented);
            }
        }
    }

    /// <summary>All of them at once, beside a good one, before every command.</summary>
    [Fact]
    public async Task No_command_is_stopped_by_the_manifests_of_others()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, rows: 10);
        await scenario.RunWellAsync("backup", "auth");
        var good = Assert.Single(await scenario.BackupsAsync());
        var text = File.ReadAllText(ManifestStore.PathOf(good.Path));
        var bad = new Dictionary<string, string>();
        foreach (var (name, change) in Malformed)
        {
            var path = Path.Join(Path.GetDirectoryName(good.Path), $"{name.Replace(' ', '-')}.dump");
            File.Copy(good.Path, path);
            bad[name] = path;
            File.WriteAllText(ManifestStore.PathOf(path), change.Length > 0 && char.IsLetter(change[0])
                && change.Contains(": ", StringComparison.Ordinal)
                ? Changed(text, Path.GetFileName(path), change) : change);
        }
        bad["huge"] = Path.Join(Path.GetDirectoryName(good.Path), "huge.dump");
        File.Copy(good.Path, bad["huge"]);
        using (var huge = File.Create(ManifestStore.PathOf(bad["huge"])))
            huge.SetLength(3L * 1024 * 1024 * 1024);

        foreach (var encrypted in new[] { false, true })
        {
            scenario.Configure(encrypted);
            if (encrypted)
                await scenario.RunWellAsync("backups", "sign", "--path", good.Path, "--yes");
            var listed = await scenario.RunWellAsync("backups", "auth");
            Assert.Contains(good.FileName, listed.Output, StringComparison.Ordinal);
            Assert.All(bad, b => Assert.Contains($"Not a backup: {b.Value}: ", listed.Errors, StringComparison.Ordinal));
            Assert.Contains(good.Path, (await scenario.BackupsAsync("--latest")).Select(b => b.Path));
            await scenario.RunWellAsync("cleanup", "--json");
            // They are told, which is no success; the good one is read for all that.
            var verified = await scenario.RunAsync("verify", "auth", "--latest", "--json");
            Assert.True(verified.ExitCode == 1, verified.All);
            Assert.True(Assert.Single(BackupScenario.Runs(verified)).Success, verified.All);
            var drilled = await scenario.RunAsync("drill", "auth", "--latest", "--on", "standby", "--json");
            Assert.True(Assert.Single(BackupScenario.Runs(drilled)).Success, drilled.All);
            await scenario.RunWellAsync("restore", "auth", "--latest", "--to", "standby");
            Assert.Equal(10, await scenario.UsersOfStandbyAsync());
            await scenario.RunAsync("copy", "auth", "--all", "--to", "offsite");
            Assert.True(File.Exists(Path.Join(scenario.Folder, "offsite", "auth", good.FileName)));
            var cleaned = await scenario.RunWellAsync("cleanup");
            Assert.All(bad, b => Assert.True(File.Exists(b.Value) && File.Exists(ManifestStore.PathOf(b.Value)), b.Key));
            await scenario.RunWellAsync("backup", "auth");
            foreach (var (name, path) in encrypted ? bad : [])
            {
                var named = await scenario.RunAsync("verify", "--path", path);
                Assert.True(named.ExitCode == 1, $"{name}: {named.All}");
                Assert.DoesNotContain("defect of BackupSync", named.All, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_manifest_of_another_database_hides_none_of_this_ones()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, rows: 10);
        await scenario.RunWellAsync("backup", "auth");
        var good = Assert.Single(await scenario.BackupsAsync());
        var foreign = Path.Join(Path.GetDirectoryName(good.Path), "foreign.dump");
        File.Copy(good.Path, foreign);
        ManifestStore.Write(foreign, ManifestStore.Read(good.Path) with { File = "foreign.dump", Database = "standby", Companions = [] });

        var listed = await scenario.RunWellAsync("backups");
        Assert.Contains("another database, standby", listed.Errors, StringComparison.Ordinal);
        Assert.Equal(good.Path, Assert.Single(await scenario.BackupsAsync()).Path);
    }

    static string Changed(string text, string file, string change)
    {
        var json = JsonNode.Parse(text)!;
        var (key, value) = (change[..change
            .IndexOf(": ", StringComparison.Ordinal)], change[(change.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
        json["format"] = 1;
        json["file"] = file;
        var path = key.Split('.');
        Set(At(json, [.. path[..^1]]), path[^1], JsonNode.Parse(value));
        return json.ToJsonString();
    }

    static JsonNode At(JsonNode node, object[] path) => path.Aggregate(node, (n, key) => (key is int i ? n[i] : n[(string)key])!);

    static void Set(JsonNode node, object key, JsonNode? value)
    {
        if (key is int i)
            node[i] = value;
        else
            node[(string)key] = value;
    }

    /// <summary>Every value of a document, by the way to it; the format itself says how the others are read.</summary>
    static IEnumerable<object[]> PlacesIn(JsonNode? node, object[] way)
    {
        if (way.Length > 0 && way is not ["format"])
            yield return way;
        var below = node switch
        {
            JsonObject o => o.SelectMany(p => PlacesIn(p.Value, [.. way, p.Key])),
            JsonArray a => a.SelectMany((n, i) => PlacesIn(n, [.. way, i])),
            _ => [],
        };
        foreach (var place in below)
            yield return place;
    }
}
