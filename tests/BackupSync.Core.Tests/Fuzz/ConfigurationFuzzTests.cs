using System.Text.Encodings.Web;
using System.Text.Json;
using BackupSync.Configuration;
using Xunit.Abstractions;

namespace BackupSync.Tests.Fuzz;

/// <summary>
/// Every key of the configuration with wrong values. Which keys there are, the reader itself says of one that it does not know.
/// </summary>
[Trait("Needs", "nothing")]
public sealed class ConfigurationFuzzTests(ITestOutputHelper output) : IDisposable
{
    const string Unknown = "qqqqqqqqqqqqqqqqqqqq";
    const string AllowedAre = "unknown key; allowed are ";
    const string Raw = "(raw)";

    /// <summary>As YAML writes them, where the others are quoted.</summary>
    static readonly string[] RawValues =
    [
        "", "~", "[]", "{}", "[[]]", "[~]", "[{}]", "[a, [b]]", "{a: b}", "{~: ~}", "{a: {b: {c: {}}}}", "{[a]: b}", "*x", "&x a",
        "!!binary a", "!!float x", "!<x> a", "| \n", "[1, 2",
        "{", "]", "\"\\q\"", "\"\\u0000\"", "'", "? a", "- a", "@", "`", "%", "<<: {}", "{<<: *x}", ".nan", ".inf", "0o8", "1_000",
        "2024-01-01", "[*, ?]", "\t", "\u0085", "{a: 1, a: 2}",
        "[${X}]", "[\"${X}\", \"\"]", "{\"\": \"\"}", "{\"*\": forever, \"\\u0001\": -1}", "[&y [*y]]",
    ];

    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void No_value_of_a_key_ends_in_a_crash()
    {
        var crashes = new List<string>();
        var cases = 0;
        foreach (var key in Keys())
        {
            foreach (var value in WrongValues.For(key).Select(v => (Value: v, IsRaw: false))
                .Concat(Some(key).Select(v => (Value: v, IsRaw: true))))
            {
                cases++;
                var text = value.IsRaw
                    ? With(key, Raw).Replace($"\"{Raw}\"", value.Value, StringComparison.Ordinal)
                    : With(key, value.Value);
                if (Crash(text) is { } crash)
                    crashes.Add($"{key}: {JsonSerializer.Serialize(value.Value)}: {crash}");
            }
        }

        output.WriteLine($"{cases} configurations of {Keys().Count} keys");
        Assert.True(Keys().Count > 60, string.Join(", ", Keys()));
        Assert.True(crashes.Count == 0, $"{crashes.Count} of {cases} crash:\n{string.Join('\n', crashes.Take(30))}");
    }

    [Fact]
    public void No_file_ends_in_a_crash()
    {
        var whole = With("tools", null);
        var random = new Random(7);
        var crashes = new List<string>();
        for (var i = 0; i < 25 * WrongValues.Count; i++)
        {
            var text = whole.ToCharArray().ToList();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                var at = random.Next(text.Count);
                var length = Math.Min(random.Next(30), text.Count - at);
                if (random.Next(2) == 0)
                    text.RemoveRange(at, length);
                else
                    text.InsertRange(at, random.Next(2) == 0 ? text.GetRange(at, length) : [.. RawValues[random.Next(RawValues.Length)]]);
            }
            if (Crash(string.Concat(text)) is { } crash)
                crashes.Add(crash);
        }
        Assert.True(crashes.Count == 0, string.Join('\n', crashes.Take(30)));
    }

    static IEnumerable<string> Some(string key)
    {
        var values = (string[])RawValues.Clone();
        new Random(key.Length * 7 + key[^1]).Shuffle(values);
        return values.Take(WrongValues.Count);
    }

    /// <summary>Reads it as every command does, and looks at what commands look at.</summary>
    string? Crash(string text)
    {
        var file = _temp.Write("backupsync.yml", text);
        string? Environment(string name) => name == "X" ? "x\0" : null;
        var answers = new List<string>();
        try
        {
            answers.AddRange(ConfigurationFile.Check(file, Environment).Select(p => p.Message));
            var config = ConfigurationFile.Load(file, Environment);
            foreach (var job in config.Jobs)
            {
                job.Schedule?.Next(DateTimeOffset.MaxValue.AddDays(-1));
                job.Schedule?.Next(DateTimeOffset.MinValue.AddDays(1));
                job.EnsureAddresses();
            }
            foreach (var database in config.Databases)
            {
                database.Address.ToEnvironment();
                _ = database.Address.ToNpgsql().ConnectionString;
            }
            foreach (var place in config.Places.OfType<S3PlaceConfig>())
                _ = new BackupSync.Places.S3Place(place);
            _ = config.Encryption?.Passphrase;
        }
        catch (BackupSyncException e)
        {
            answers.AddRange([e.Message, e.Detail ?? "", e.Advice ?? ""]);
        }
        catch (Exception e)
        {
            return e.ToString();
        }
        return answers.FirstOrDefault(WrongValues.IsCrash);
    }

    /// <summary>The paths of all keys, those of sections included.</summary>
    static IReadOnlyList<string> Keys() => keys ??= Find();

    static IReadOnlyList<string>? keys;

    static List<string> Find()
    {
        using var temp = new TempFolder();
        var found = new List<string>();
        Visit("");
        return found;

        void Visit(string section)
        {
            var at = section.Length == 0 ? Unknown : $"{section}.{Unknown}";
            var message = ConfigurationFile.Check(temp.Write("backupsync.yml", With(at, "x")), _ => null)
                .FirstOrDefault(p => p.Key == at && p.Message.StartsWith(AllowedAre, StringComparison.Ordinal))?.Message;
            string[] below = message is not null ? message[AllowedAre.Length..].Split(", ") : Names(section);
            foreach (var key in below)
            {
                var path = section.Length == 0 ? key : $"{section}.{key}";
                found.Add(path);
                if (path.Count(c => c == '.') < 5)
                    Visit(path);
            }
        }
    }

    /// <summary>What the base has below a section of names.</summary>
    static string[] Names(string section)
    {
        object? at = Base();
        foreach (var key in section.Split('.'))
            at = (at as Dictionary<string, object?>)?.GetValueOrDefault(key);
        return at is Dictionary<string, object?> map ? [.. map.Keys] : [];
    }

    static Dictionary<string, object?> Base() => new()
    {
        ["tiers"] = Map(("gold", Map(("rto", "1h"), ("rpo", "1h")))),
        ["databases"] = Map(
            ("a", Map(("url", "postgresql://u:p@127.0.0.1:1/a"), ("role", "production"))),
            ("b", Map(("url", "postgresql://u:p@127.0.0.1:1/b")))),
        ["places"] = Map(
            ("local", Map(("directory", "backups"))),
            ("far", Map(("s3", Map(("bucket", "bucket"), ("endpoint", "http://127.0.0.1:1"), ("accessKey", "k"), ("secretKey", "s")))))),
        ["backupPlans"] = Map(("p", Map(("databases", (string[])["a"]), ("schedule", Map(("cron", "0 0 * * *")))))),
        ["jobs"] = Map(("j", Map(("source", "a"), ("target", "b"), ("schedule", Map(("cron", "0 0 * * *")))))),
    };

    static Dictionary<string, object?> Map(params (string Key, object? Value)[] entries) => entries.ToDictionary(e => e.Key, e => e.Value);

    /// <summary>JSON, which is YAML.</summary>
    static string With(string path, object? value)
    {
        var root = Base();
        var at = root;
        var keys = path.Split('.');
        foreach (var key in keys[..^1])
            at = at.TryGetValue(key, out var next) && next is Dictionary<string, object?> map
                ? map
                : (Dictionary<string, object?>)(at[key] = new Dictionary<string, object?>());
        at[keys[^1]] = value;
        return JsonSerializer.Serialize(root, new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }
}
