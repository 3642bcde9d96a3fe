using BackupSync.Application.Views;
using BackupSync.Backups;
using BackupSync.Cli.Display;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Runs;
using BackupSync.Tests.Runs;

namespace BackupSync.Tests.CommandLine;

/// <summary>What stands in a terminal of 80 columns.</summary>
[Trait("Needs", "nothing")]
public sealed class ViewTableTests
{
    const int Narrow = 79;

    [Fact]
    public void Columns_leave_from_the_end_and_none_is_squeezed()
    {
        var run = RunSamples.Succeeded("one") with { Job = "railway-to-neon", Mode = SyncMode.Incremental };

        var narrow = ViewTable.Draw(ResultViews.Runs, [run], Narrow);
        var wide = ViewTable.Draw(ResultViews.Runs, [run], 200);

        AssertFits(narrow, Narrow);
        Assert.Equal(wide.Columns.Take(narrow.Columns.Count), narrow.Columns);
        Assert.True(narrow.Columns.Count < wide.Columns.Count);
        Assert.StartsWith("Start time", narrow.Lines[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("railway-to-neon", narrow.Lines[2].ToString(), StringComparison.Ordinal);
    }

    /// <summary>Why a run failed is worth more than the file it kept, and less than that it failed.</summary>
    [Fact]
    public void The_message_of_a_failed_run_stays_until_there_is_no_room_for_its_id()
    {
        var run = RunSamples.Failed();

        Assert.Contains("public.users differs.", Text(120), StringComparison.Ordinal);
        Assert.DoesNotContain("differs", Text(Narrow), StringComparison.Ordinal);
        Assert.Contains("RolledBack", Text(Narrow), StringComparison.Ordinal);

        string Text(int width) => string.Join('\n', ViewTable.Draw(ResultViews.Runs, [run], width).Lines);
    }

    [Fact]
    public void Prose_stays_and_breaks_between_words()
    {
        const string What = "the content of its 1,000 rows differs in columns that both sides have under the same name";
        var item = new ComparedItem(ComparedKind.Table, "public.customers", ComparedState.Different, 1000, 1000, What);

        var drawn = ViewTable.Draw(ResultViews.Compared, [item], Narrow);

        AssertFits(drawn, Narrow);
        Assert.Equal("What", drawn.Columns[^1].Name);
        var at = drawn.Lines[0].ToString().IndexOf("What", StringComparison.Ordinal);
        Assert.Equal(What, string.Join(' ', drawn.Lines.Skip(2).Select(l => l.ToString()[at..])));
    }

    [Fact]
    public void What_a_backup_is_labelled_with_is_read_in_full_and_is_no_alarm()
    {
        const string Labels = "tag pre-deployment-of-the-new-release, kept for 90 days";
        var now = DateTimeOffset.UtcNow;
        var run = RunSamples.Succeeded("one") with
        {
            Kind = RunKind.Label,
            SourceBackup = new BackupFile(
                "/b/railway.dump", BackupKind.Manual, "by-hand", "railway", now, 32_000_000, 1, 1, "r", "18.6", "00")
            {
                Tag = "pre-deployment-of-the-new-release", KeepDays = 90,
            },
        };

        var drawn = ViewTable.Draw(ResultViews.Of(run.Kind), [run], Narrow);

        AssertFits(drawn, Narrow);
        var at = drawn.Lines[0].ToString().IndexOf("Verdict", StringComparison.Ordinal);
        Assert.Equal(Labels, string.Join(' ', drawn.Lines.Skip(2).Select(l => l.ToString()[at..])));
        Assert.Equal(CellTone.Plain, ResultViews.Labelled.Columns[^1].CellOf(run).Tone);
        var encrypted = ResultViews.Backups.Columns.Single(c => c.Name == "Encrypted");
        Assert.Equal(new Cell("no", CellTone.Plain), encrypted.CellOf(run.SourceBackup));
    }

    /// <summary>How a backup was proven is what the list is looked at for.</summary>
    [Fact]
    public void How_a_backup_was_proven_is_cut_rather_than_left_out()
    {
        var now = DateTimeOffset.UtcNow;
        var proof = new ProofRecord(BackupProof.Integrity, now.AddHours(-18), 1, true, true, null)
        {
            Restored = now.AddDays(-110), RestoredInto = "18.6",
        };
        var backup = new BackupFile("/b/railway.dump", BackupKind.Manual, "by-hand", "railway", now, 32_000_000, 1, 1, "r", "18.6", "00")
        {
            Proof = proof,
        };

        var drawn = ViewTable.Draw(ResultViews.Backups, [backup], Narrow);

        AssertFits(drawn, Narrow);
        Assert.Equal("Proven", drawn.Columns[^1].Name);
        Assert.Contains("restored 18.6, 110 d ago; ", drawn.Lines[2].ToString(), StringComparison.Ordinal);
        Assert.EndsWith("…", drawn.Lines[2].ToString(), StringComparison.Ordinal);
    }

    /// <summary>As where a table has a name of 63 characters, and there are 40 columns.</summary>
    [Fact]
    public void What_fits_in_no_table_is_a_list_and_names_stay_whole()
    {
        var name = "public." + new string('n', 63);
        var item = new ComparedItem(ComparedKind.Table, name, ComparedState.TargetOnly, null, 10, "the source has no such table");

        var lines = ViewTable.Draw(ResultViews.Compared, [item, item], 60).Lines.Select(l => l.ToString()).ToList();

        string[] first =
            ["", $"Name         {name}", "State        TargetOnly", "Target rows  10", "What         the source has no such table"];
        Assert.Equal(first, lines.Take(5));
        Assert.Equal(10, lines.Count);
    }

    [Fact]
    public void Numbers_stand_at_the_right_and_headings_over_them()
    {
        TableResult[] tables =
        [
            new("public.a", 5, 5, null, 1_000, Verified: true), new("public.bb", 1_234_567, 1_234_567, 7, 2_500_000, Verified: false),
            new("public.c", null, null, 3, null, Verified: null) { Dropped = true },
        ];

        var lines = ViewTable.Draw(ResultViews.Tables, tables, Narrow).Lines.Select(l => l.ToString());

        Assert.Equal(
        [
            "Table      Source rows  Previous rows  Target rows  Verdict      Size",
            "─────────────────────────────────────────────────────────────────────",
            "public.a             5                           5  verified     1 kB",
            "public.bb    1,234,567              7    1,234,567  UNEQUAL   2.50 MB",
            "public.c                            3               dropped   ",
        ], lines);
    }

    [Fact]
    public void Words_of_others_steer_no_terminal_and_wide_letters_take_two_columns()
    {
        var item = new ComparedItem(ComparedKind.Table, "public.\u001b[31m日本", ComparedState.Equal, 1, 1, null);

        var lines = ViewTable.Draw(ResultViews.Compared, [item], Narrow).Lines.Select(l => l.ToString()).ToList();

        Assert.StartsWith(@"public.\u001b[31m日本  Equal", lines[2], StringComparison.Ordinal);
        Assert.Equal(Words.WidthOf(lines[0]), Words.WidthOf(lines[2]));
    }

    [Theory]
    [InlineData("a b c", 3, "a b|c")]
    [InlineData("/a/path/that/is/longer and more", 10, "/a/path/that/is/longer|and more")]
    [InlineData("", 10, "")]
    public void Wrapping(string text, int width, string lines) => Assert.Equal(lines, string.Join('|', Words.Wrap(text, width)));

    [Theory]
    [InlineData(CellForm.Duration, "1m 05s")]
    [InlineData(CellForm.Text, "00:01:05")]
    public void Values_have_the_units_of_their_form(CellForm form, string text) =>
        Assert.Equal(text, Cell.Of(form, TimeSpan.FromSeconds(65)).Text);

    /// <summary>Nobody has asked for an objective, so none is missed.</summary>
    [Theory]
    [InlineData(null, CellTone.Plain)]
    [InlineData(1.0, CellTone.Bad)]
    [InlineData(60.0, CellTone.Good)]
    public void What_was_measured_has_a_colour_only_by_its_objective(double? objective, CellTone tone) =>
        Assert.Equal(tone, Cell.Of(CellForm.State, new RecoveryResult(1.9, 1.9, null, objective, objective).RecoveredIn).Tone);

    static void AssertFits(ViewTable.Drawn drawn, int width) =>
        Assert.All(drawn.Lines, l => Assert.True(Words.WidthOf(l.ToString()) <= width, l.ToString()));
}
