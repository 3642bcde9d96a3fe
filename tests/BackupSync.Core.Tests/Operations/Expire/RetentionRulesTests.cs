using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Operations.Expire;

namespace BackupSync.Tests.Operations.Expire;

/// <summary>Which of a plan's backups go under which rules. No file is needed for that.</summary>
[Trait("Needs", "nothing")]
public sealed class RetentionRulesTests
{
    /// <summary>A Wednesday, the last day of a year.</summary>
    static readonly DateTimeOffset Now = new(2025, 12, 31, 2, 5, 0, TimeSpan.Zero);

    const string Auth = "auth", Trading = "trading";

    [Fact]
    public void A_year_of_daily_backups_leaves_seven_days_four_weeks_and_twelve_months()
    {
        var backups = Enumerable.Range(0, 365).Select(day => Taken(Now.AddDays(-day).AddMinutes(-5))).ToArray();

        var kept = Kept(new KeepConfig { Daily = 7, Weekly = 4, Monthly = 12 }, backups);

        Assert.Equal(
            [
                "2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30", "2025-07-31", "2025-08-31",
                "2025-09-30", "2025-10-31", "2025-11-30",
                "2025-12-14", "2025-12-21", // the Sundays of two of the last four weeks; that of the third is one of the last days
                "2025-12-25", "2025-12-26", "2025-12-27", "2025-12-28", "2025-12-29", "2025-12-30", "2025-12-31",
            ],
            kept);
    }

    [Fact]
    public void Cleaning_every_day_leaves_the_same_as_cleaning_once()
    {
        var keep = new KeepConfig { Daily = 7, Weekly = 4, Monthly = 12 };
        var all = Enumerable.Range(0, 400).Select(day => Taken(Now.AddDays(day - 399).AddMinutes(-5))).ToArray();

        BackupFolderEntry[] left = [];
        foreach (var backup in all)
        {
            left = [.. left, backup];
            var going = Decide(keep, left, backup.Backup!.Created.AddMinutes(5)).Where(d => d.Remove).Select(d => d.Path).ToHashSet();
            left = [.. left.Where(e => !going.Contains(e.Path))];
        }

        Assert.Equal(Kept(keep, all), Kept(keep, left));
        Assert.Equal(20, left.Length);
    }

    [Theory]
    [InlineData(2, null, null, new[] { 0, 1 })]
    [InlineData(null, 2, null, new[] { 0, 3 })]
    [InlineData(null, null, 2, new[] { 0, 31 })]
    [InlineData(1, 2, 3, new[] { 0, 3, 31, 61 })]
    [InlineData(3, 1, 1, new[] { 0, 1, 2 })]
    [InlineData(null, null, 36_500, new[] { 0, 31, 61 })]
    public void The_newest_of_each_of_the_last_periods_stays(int? daily, int? weekly, int? monthly, int[] days)
    {
        var backups = Enumerable.Range(0, 65).Select(day => Taken(Now.AddDays(-day))).ToArray();

        Assert.Equal(
            days.Reverse().Select(d => Day(Now.AddDays(-d))),
            Kept(new KeepConfig { Daily = daily, Weekly = weekly, Monthly = monthly }, backups));
    }

    [Fact]
    public void Periods_without_a_backup_do_not_count()
    {
        BackupFolderEntry[] backups = [Taken(Now), Taken(Now.AddDays(-100)), Taken(Now.AddDays(-200)), Taken(Now.AddDays(-300))];

        Assert.Equal([Day(Now.AddDays(-200)), Day(Now.AddDays(-100)), Day(Now)], Kept(new KeepConfig { Daily = 3 }, backups));
    }

    [Fact]
    public void Of_several_a_day_the_newest_stays_for_it_by_utc()
    {
        BackupFolderEntry[] backups =
        [
            Taken(Now, "newest"),
            Taken(new DateTimeOffset(2025, 12, 30, 23, 59, 0, TimeSpan.Zero), "late"),
            Taken(new DateTimeOffset(2025, 12, 31, 0, 30, 0, TimeSpan.FromHours(1)), "an hour earlier than it looks"),
            Taken(new DateTimeOffset(2025, 12, 30, 1, 0, 0, TimeSpan.Zero), "early"),
        ];

        var decisions = Decide(new KeepConfig { Daily = 2 }, backups).ToDictionary(d => d.Path);

        Assert.Equal("the newest of its day, 2025-12-30", decisions["late"].Reason);
        Assert.Equal((true, "not the newest of any of the last 2 days"), (decisions["early"].Remove, decisions["early"].Reason));
        Assert.True(decisions["an hour earlier than it looks"].Remove);
    }

    [Fact]
    public void What_any_rule_keeps_stays_and_the_reason_names_it()
    {
        BackupFolderEntry[] backups = [Taken(Now, "0"), Taken(Now.AddDays(-2), "2"), Taken(Now
            .AddDays(-4), "4"), Taken(Now.AddDays(-20), "20"), Taken(Now.AddDays(-40), "40"), Taken(Now.AddDays(-45), "45")];

        var decisions = Decide(new KeepConfig { Days = 3, Weekly = 2, Monthly = 2 }, backups);

        Assert.Equal(
            [
                ("0", false, "the newest backup of auth by the plan nightly"),
                ("2", false, "not yet 3 days older than the newest"),
                ("4", false, "the newest of its week, from 2025-12-22"),
                ("20", true, "older than 3 days, and not the newest of any of the last 2 weeks or 2 months"),
                ("40", false, "the newest of its month, 2025-11"),
                ("45", true, "older than 3 days, and not the newest of any of the last 2 weeks or 2 months"),
            ],
            decisions.Select(d => (d.Path, d.Remove, d.Reason)));
    }

    [Fact]
    public void Without_any_rule_seven_days_are_kept()
    {
        BackupFolderEntry[] backups = [Taken(Now, "0"), Taken(Now.AddDays(-6), "6"), Taken(Now.AddDays(-8), "8")];

        Assert.Equal(["8"], Decide(new KeepConfig(), backups).Where(d => d.Remove).Select(d => d.Path));
    }

    [Theory]
    [InlineData(null, null, false, true, "older than 7 days")]
    [InlineData("other", null, false, true, "older than 7 days")]
    [InlineData("pre-deployment-1", null, false, false, "not yet 30 days older than the newest, the rule of pre-deployment-*")]
    [InlineData("Release-1", null, false, false, "kept for ever, the rule of release-*")]
    [InlineData("pre-release", null, false, true, "older than 5 days, the rule of pre-?*")]
    [InlineData(null, 11, false, false, "not yet 11 days older than the newest, stated for it")]
    [InlineData("release-1", 9, false, true, "older than 9 days, stated for it")]
    [InlineData("release-1", 0, false, true, "older than the newest, stated for it")]
    [InlineData("pre-release", 9, true, false, "pinned")]
    public void Tags_own_times_and_pins_come_before_the_rules_of_the_plan(string? tag, int? keepDays, bool pinned, bool goes, string reason)
    {
        var keep = new KeepConfig
        {
            Days = 7,
            Tags = [new TagKeep("pre-deployment-*", 30), new TagKeep("release-*", null), new TagKeep("pre-?*", 5)],
        };

        var decision = Decide(
            keep,
            [Taken(Now), Taken(Now.AddDays(-10), "it",
                b => b with { Tag = tag, KeepDays = keepDays, Pinned = pinned })]).Single(d => d.Path == "it");

        Assert.Equal((goes, reason), (decision.Remove, decision.Reason));
    }

    [Fact]
    public void What_has_a_time_of_its_own_does_not_stand_for_its_day()
    {
        BackupFolderEntry[] backups =
        [
            Taken(Now),
            Taken(Now.AddDays(-1), "short-lived", b => b with { KeepDays = 3 }),
            Taken(Now.AddDays(-1).AddMinutes(-1), "plain"),
        ];

        Assert.DoesNotContain(Decide(new KeepConfig { Daily = 7 }, backups), d => d.Remove);
    }

    [Fact]
    public void A_damaged_one_is_the_newest_of_nothing()
    {
        BackupFolderEntry[] backups =
        [
            Damaged(Taken(Now, "damaged today")),
            Taken(Now.AddDays(-1), "good"),
            Damaged(Taken(Now.AddDays(-2), "damaged")),
            Taken(Now.AddDays(-2).AddMinutes(-1), "good before it"),
            Taken(Now.AddDays(-3), "failed", b => b with { Proof = new ProofRecord(BackupProof.Integrity, Now, 1, null, null, "altered") }),
            Taken(Now.AddDays(-3).AddMinutes(-1), "good before the failed one"),
        ];

        var decisions = Decide(new KeepConfig { Daily = 3 }, backups);

        Assert.Equal(
            [
                ("damaged today", false, "newer than the newest good one; it is truncated"),
                ("good", false, "the newest backup of auth by the plan nightly"),
                ("damaged", true, "not the newest of any of the last 3 days; it is truncated"),
                ("good before it", false, "the newest of its day, 2025-12-29"),
                ("failed", true, "not the newest of any of the last 3 days; it failed its integrity check"),
                ("good before the failed one", false, "the newest of its day, 2025-12-28"),
            ],
            decisions.Select(d => (d.Path, d.Remove, d.Reason)));
    }

    [Fact]
    public void Where_none_is_good_all_stay()
    {
        BackupFolderEntry[] backups = [Damaged(Taken(Now)), Damaged(Taken(Now.AddDays(-100)))];

        Assert.All(
            Decide(new KeepConfig { Daily = 1 }, backups),
            d => Assert.Equal((false, "there is no good backup newer than it; it is truncated"), (d.Remove, d.Reason)));
    }

    [Theory]
    [InlineData(-50 * 365)]
    [InlineData(-200)]
    [InlineData(-3)]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(50 * 365)]
    public void A_clock_that_jumped_removes_no_more_than_the_right_one(int days)
    {
        var backups = Enumerable.Range(0, 365).Select(day => Taken(Now.AddDays(-day).AddMinutes(-5))).ToArray();
        foreach (var keep in new[]
        {
            new KeepConfig { Days = 30 },
            new KeepConfig { Daily = 7, Weekly = 4, Monthly = 12 },
            new KeepConfig { Days = 3, Monthly = 2 },
        })
        {
            var rightly = Decide(keep, backups).Where(d => d.Remove).Select(d => d.Path).ToHashSet();

            Assert.Subset(rightly, Decide(keep, backups, Now.AddDays(days)).Where(d => d.Remove).Select(d => d.Path).ToHashSet());
        }
    }

    [Fact]
    public void A_backup_from_the_future_is_no_measure_and_stays()
    {
        BackupFolderEntry[] backups = [Taken(Now.AddYears(10), "future"), Taken(Now, "new"), Taken(Now.AddDays(-1), "old")];

        var decisions = Decide(new KeepConfig { Daily = 2 }, backups);

        Assert.DoesNotContain(decisions, d => d.Remove);
        Assert.Equal(("future", "from the future: a clock was or is wrong"), (decisions[0].Path, decisions[0].Reason));
    }

    [Fact]
    public void Each_database_plan_and_kind_has_a_newest_of_its_own()
    {
        BackupFolderEntry[] backups =
        [
            Taken(Now.AddDays(-100), "auth"),
            Taken(Now.AddDays(-200), "trading", b => b with { Database = "trading" }),
            Taken(Now.AddDays(-300), "weekly", b => b with { Job = "weekly" }),
            Taken(Now.AddDays(-400), "by hand", b => b with { Kind = BackupKind.Manual }),
            Taken(Now.AddDays(-500), "copied", b => b with { Kind = BackupKind.Source }),
        ];

        Assert.DoesNotContain(Decide(new KeepConfig { Days = 1 }, backups), d => d.Remove);
    }

    [Fact]
    public void What_was_taken_by_hand_goes_only_by_its_own_time_or_its_tag()
    {
        BackupFolderEntry[] backups =
        [
            ByHand("newest", 0),
            ByHand("plain", 50),
            ByHand("tagged", 50, b => b with { Tag = "before-x" }),
            ByHand("tagged without rule", 50, b => b with { Tag = "other" }),
            ByHand("for a while", 50, b => b with { KeepDays = 20 }),
            ByHand("pinned", 50, b => b with { KeepDays = 20, Pinned = true }),
        ];

        var decisions = Decide(new KeepConfig { Days = 1, Tags = [new TagKeep("before-*", 40)] }, backups).ToDictionary(
            d => d.Path,
            d => (d.Remove, d.Reason));

        Assert.Equal((false, "the newest backup of auth taken by hand"), decisions["newest"]);
        Assert.Equal((false, "taken by hand"), decisions["plain"]);
        Assert.Equal((true, "older than 40 days, the rule of before-*"), decisions["tagged"]);
        Assert.Equal((false, "taken by hand"), decisions["tagged without rule"]);
        Assert.Equal((true, "older than 20 days, stated for it"), decisions["for a while"]);
        Assert.Equal((false, "pinned"), decisions["pinned"]);
    }

    [Fact]
    public void Each_plan_decides_about_its_own_and_nobody_about_the_rest()
    {
        PlanRule[] plans = [Plan("nightly", new KeepConfig { Days = 7 }), Plan("weekly", new KeepConfig { Days = 100 })];
        var backups = new[] { "nightly", "weekly", "gone" }.SelectMany(plan => new[]
        {
            Taken(Now, $"{plan} new", b => b with { Job = plan }),
            Taken(Now.AddDays(-50), $"{plan} old", b => b with { Job = plan }),
        }).Append(Taken(Now.AddDays(-50), "safety", b => b with { Kind = BackupKind.Safety, Job = "sync" })).ToList();

        var decisions = Retention.Decide(backups, RetentionRules.OfPlans(plans), Now).ToDictionary(d => d.Path, d => (d.Remove, d.Reason));

        Assert.Equal((true, "older than 7 days"), decisions["nightly old"]);
        Assert.Equal((false, "not yet 100 days older than the newest"), decisions["weekly old"]);
        Assert.Equal((false, "of the plan gone, which is not in the configuration"), decisions["gone old"]);
        Assert.Equal((false, "a copy of a backup of the job sync"), decisions["safety"]);
    }

    [Fact]
    public void Tags_of_what_was_taken_by_hand_are_those_of_its_databases_plans()
    {
        PlanRule[] plans =
        [
            Plan("a", new KeepConfig { Tags = [new TagKeep("x*", 10)] }) with { Databases = [Trading] },
            Plan("b", new KeepConfig { Tags = [new TagKeep("x*", 90)] }),
        ];

        var rule = RetentionRules.OfPlans(plans).Of(ByHand("x", 0).Backup!);

        Assert.Equal([new TagKeep("x*", 90)], rule.Keep!.Tags);
    }

    [Fact]
    public void What_is_no_backup_stays()
    {
        var decision = Assert.Single(
            Retention.Decide([new BackupFolderEntry("x.dump", 5, null, "no manifest", true)], RetentionRules.OfPlans([]), Now));

        Assert.Equal(
            ("x.dump", 5L, false, "no manifest", null),
            (decision.Path, decision.Size, decision.Remove, decision.Reason, decision.Backup));
    }

    static PlanRule Plan(string name, KeepConfig keep) => new(name, [Auth], keep);

    static IReadOnlyList<RetentionDecision> Decide(KeepConfig keep, IReadOnlyList<BackupFolderEntry> entries, DateTimeOffset? now = null) =>
        Retention.Decide(entries, RetentionRules.OfPlans([Plan("nightly", keep), Plan("weekly", keep)]), now ?? Now);

    /// <summary>The days of which one is kept, the oldest first.</summary>
    static string[] Kept(KeepConfig keep, IReadOnlyList<BackupFolderEntry> entries) =>
        [.. Decide(keep, entries).Where(d => !d.Remove).Select(d => Day(d.Backup!.Created)).Order(StringComparer.Ordinal)];

    static BackupFolderEntry Taken(DateTimeOffset created, string? name = null, Func<BackupFile, BackupFile>? change = null)
    {
        var path = name ?? $"/backups/auth/auth_backup_{created.UtcDateTime:yyyyMMdd_HHmmss}.dump";
        var backup = new BackupFile(path, BackupKind.Plan, "nightly", "auth", created, 10, 1, 1, "a1b2c3d4", "15.18", "00");
        return new BackupFolderEntry(path, 10, change?.Invoke(backup) ?? backup, null, true);
    }

    static BackupFolderEntry ByHand(string name, int days, Func<BackupFile, BackupFile>? change = null)
    {
        var entry = Taken(Now.AddDays(-days), name, b => b with { Kind = BackupKind.Manual, Job = "manual" });
        return entry with { Backup = change?.Invoke(entry.Backup!) ?? entry.Backup };
    }

    static BackupFolderEntry Damaged(BackupFolderEntry entry) => entry with { Problem = "is truncated" };

    static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
