using System.Globalization;

namespace BackupSync.Configuration;

/// <summary>Reads the backup plans of one file.</summary>
sealed class BackupPlanReader(IReadOnlyList<DatabaseConfig> databases, IReadOnlyList<PlaceConfig> places)
{
    /// <summary>A hundred years.</summary>
    const int MostDays = 36_500;

    public BackupPlanConfig Read(string name, YamlSection plan) => new()
    {
        Name = name,
        Databases = ReadDatabases(plan),
        Schedule = plan.Has("schedule") ? plan.Section("schedule", ScheduleReader.Read) : null,
        Ping = AlertsReader.ReadPing(plan),
        Places = plan.IsEmpty("places") ? new[] { places[0] } : plan.References("places", "place", places, p => p.Name),
        Keep = plan.Section("keep", ReadKeep),
        Verify = plan.Choice("verify", BackupProof.Integrity),
        Compression = plan.Choice("compression", BackupCompression.Auto),
        Parallel = plan.Integer("parallel", 2, 1, 64),
        Blocking = plan.Section("limits", JobReader.ReadBlocking),
    };

    IReadOnlyList<DatabaseConfig> ReadDatabases(YamlSection plan)
    {
        const string key = "databases";
        if (plan.IsEmpty(key))
            plan.Missing(key, "the databases that are backed up, as a list such as [auth, trading], or all");
        if (!plan.IsSingle(key))
            return plan.References(key, "database", databases, d => d.Name);
        plan.Value(key, "", (string text, out string all) => (all = text) == "all", "all, or a list such as [auth, trading]", null,
            new WordForm("all"));
        return databases;
    }

    static KeepConfig ReadKeep(YamlSection keep)
    {
        int? Number(string key) => keep.Has(key) ? keep.Integer(key, 1, 1, MostDays) : null;
        return new KeepConfig
        {
            Days = Number("days"),
            Daily = Number("daily"),
            Weekly = Number("weekly"),
            Monthly = Number("monthly"),
            Tags = keep.Each("tags", (pattern, tags) => new TagKeep(
                pattern, tags.Value<int?>(
                    pattern, null, TryParseDays, $"a whole number of days from 1 to {MostDays}, or forever", null,
                    new NumberForm(1, MostDays), new WordForm("forever")))),
        };
    }

    static bool TryParseDays(string text, out int? days)
    {
        days = null;
        if (text.Equals("forever", StringComparison.OrdinalIgnoreCase))
            return true;
        var isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= MostDays;
        days = number;
        return isNumber;
    }
}
