using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

public sealed class BackupCommandTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task A_backup_is_taken_told_and_found_by_its_tag_and_time()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        var result = await scenario.RunWellAsync("backup", "auth", "--tag", "pre-deployment-1", "--keep-days", "30");
        Assert.Matches(@"(?m)^\d\d:\d\d:\d\d auth: Dump done in \d+\.\ds  \S+\.dump, \d+ kB\r?$", result.Output);
        Assert.Matches(@"auth +Succeeded +\d+ kB +\S+s +1,000 +local +auth_manual_backup_\d+_\d+\.dump", result.Output);

        var backup = Assert.Single(await scenario.BackupsAsync("auth", "--tag", "pre-*", "--after", "2000-01-01"));
        Assert.Equal(("pre-deployment-1", 30, BackupKind.Manual, "local"), (backup.Tag, backup.KeepDays, backup.Kind, backup.Place));
        Assert.Empty(await scenario.BackupsAsync("--tag", "post-*"));
        Assert.Empty(await scenario.BackupsAsync("--before", "2000-01-01T00:00:00+02:00"));
        Assert.Empty(await scenario.BackupsAsync("--place", "offsite"));
        Assert.Contains("30 days", (await scenario.RunWellAsync("backups")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_fails_does_not_stop_the_others_and_the_worst_decides()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        var result = await scenario.RunAsync("backup", "missing", "auth", "--json");
        Assert.True(result.ExitCode == 1, result.All);
        var runs = BackupScenario.Runs(result).ToDictionary(r => r.Source);
        Assert.Equal(
            (RunOutcome.Succeeded, RunKind.Backup, 1000),
            (runs["auth"].Outcome, runs["auth"].Kind, runs["auth"].SourceBackup!.Rows));
        Assert.Equal((RunOutcome.Aborted, ErrorIds.DatabaseMissing), (runs["missing"].Outcome, runs["missing"].Error!.Id));
        Assert.Contains(" auth: Dump started", result.Errors, StringComparison.Ordinal);

        var table = await scenario.RunAsync("backup", "missing", "auth");
        Assert.Equal(1, table.ExitCode);
        Assert.Matches("missing +Aborted", table.Output);
        Assert.Contains("not_there", table.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(TestDatabase.Password, result.All + table.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_stores_proven_backups_in_all_its_places_and_warns_once_of_the_passphrase()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true);
        var first = await scenario.RunWellAsync("plan", "nightly");
        Assert.Matches(@"auth +Succeeded .* read, just now .* local, offsite", first.Output);
        Assert.Contains("WARNING: The backups of auth are encrypted from now on.", first.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("from now on", (await scenario.RunWellAsync("plan", "nightly")).Output, StringComparison.Ordinal);

        var backups = await scenario.BackupsAsync();
        Assert.Equal(["local", "local", "offsite", "offsite"], backups.Select(b => b.Place!).Order(StringComparer.Ordinal));
        Assert.All(backups, b => Assert.True(b is { Encrypted: true, Proof: { Good: true, How: BackupProof.Integrity } }, $"{b}"));

        var drill = await scenario.RunWellAsync("drill", "--latest", "--place", "offsite");
        Assert.Matches(@"auth .* restored .* met \(1h 00m\) .* met \(1h 00m\)", drill.Output);
        Assert.DoesNotContain(BackupScenario.Passphrase, first.All + drill.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_that_does_not_reach_every_place_ends_with_1_and_is_told_to_be_good()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await File.WriteAllTextAsync(scenario.File("offsite"), "no folder");
        var result = await scenario.RunAsync("plan", "nightly");
        Assert.True(result.ExitCode == 1, result.All);
        Assert.Matches("auth +Incomplete", result.Output);
        Assert.Contains("The backup itself is good", result.Errors, StringComparison.Ordinal);
        await scenario.RunWellAsync("verify", "--all", "--place", "local");
    }

    [Fact]
    public async Task A_copy_is_made_once()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("backup", "auth");
        var copy = await scenario.RunWellAsync("copy", "--latest", "--to", "offsite");
        Assert.Matches("auth .* offsite +Succeeded", copy.Output);
        var copies = await scenario.BackupsAsync("--place", "offsite");
        Assert.Equal((await scenario.BackupsAsync("--place", "local"))[0].Sha256, Assert.Single(copies).Sha256);

        var again = await scenario.RunWellAsync("copy", "--latest", "--to", "offsite");
        Assert.Contains("1 backup is in offsite already", again.Errors, StringComparison.Ordinal);
        Assert.Empty(again.Output);
    }

    [Fact]
    public async Task A_copy_of_all_where_there_is_none_is_a_warning_and_ends_with_1()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, rows: 1);
        var none = await scenario.RunAsync("copy", "--all", "--to", "offsite");
        Assert.True(none.ExitCode == 1, none.All);
        Assert.Contains("There was no backup to copy to offsite.", none.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("BackupSync.", none.Errors, StringComparison.Ordinal);
        Assert.Empty(none.Output);
        Assert.False(Directory.Exists(scenario.File("offsite")));
        var named = await scenario.RunAsync("copy", "auth", "--all", "--to", "offsite");
        Assert.True(named.ExitCode == 1, named.All);
        Assert.Contains("There is no such backup of auth.", named.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_paths_one_that_is_not_there_does_not_stop_the_others_and_each_is_told()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("backup", "auth");
        var backup = Assert.Single(await scenario.BackupsAsync());

        var verify = await scenario.RunAsync("verify", "--path", "first.dump", "--path", backup.Path, "--path", "second.dump");
        Assert.True(verify.ExitCode == 1, verify.All);
        Assert.Matches("auth .* read ", verify.Output);
        var set = await scenario.RunAsync("backups", "set", "--path", "first.dump", "--path", "second.dump", "--tag", "x");
        Assert.True(set.ExitCode == 1, set.All);
        Assert.Empty(set.Output);
        foreach (var errors in new[] { verify.Errors, set.Errors })
        {
            Assert.Contains("first.dump.", errors, StringComparison.Ordinal);
            Assert.Contains("second.dump.", errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nothing_is_signed_without_a_passphrase_and_no_run_is_recorded()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("backup", "auth");
        var backup = Assert.Single(await scenario.BackupsAsync());
        foreach (var chosen in new string[][] { ["--path", backup.Path], ["auth", "--latest"] })
        {
            var sign = await scenario.RunAsync(["backups", "sign", .. chosen, "--yes"]);
            Assert.True(sign.ExitCode == 2, sign.All);
            Assert.Contains("There is no passphrase to sign with.", sign.Errors, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("Aborted", (await scenario.RunWellAsync("history")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Days_that_were_stated_are_taken_back_and_a_tag_has_one_line()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("backup", "auth", "--tag", "release-7", "--keep-days", "30");
        var set = await scenario.RunWellAsync("backups", "set", "auth", "--latest", "--no-keep-days");
        Assert.Contains("tag release-7", set.Output, StringComparison.Ordinal);
        Assert.Equal(("release-7", null), Assert.Single(await scenario.BackupsAsync()) is var b ? (b.Tag, b.KeepDays) : default);

        foreach (var line in new string[][] { ["backup", "auth"], ["backups", "set", "auth", "--latest"] })
        {
            var refused = await scenario.RunAsync([.. line, "--tag", "release\n8"]);
            Assert.True(refused.ExitCode == 2, refused.All);
            Assert.Contains("'release\\n8' is no tag: it has a line break", refused.Errors, StringComparison.Ordinal);
        }
        Assert.Equal("release-7", Assert.Single(await scenario.BackupsAsync()).Tag);
    }

    [Fact]
    public async Task Labels_are_set_and_what_no_rule_keeps_is_removed_when_that_is_confirmed()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true);
        await scenario.RunWellAsync("plan", "nightly");
        await scenario.RunWellAsync("plan", "nightly");
        scenario.Configure(encrypted: true, keep: "{ daily: 1 }");
        var older = (await scenario.BackupsAsync("--place", "local"))[1];

        var set = await scenario.RunWellAsync("backups", "set", "--path", older.Path, "--tag", "release-7", "--pin");
        Assert.Contains("tag release-7", set.Output, StringComparison.Ordinal);
        var kept = await scenario.RunAsync("backups", "remove", "--path", older.Path, "--yes");
        Assert.True(kept.ExitCode == 1, kept.All);
        Assert.Contains($"{older.Path} is kept: pinned", kept.Errors, StringComparison.Ordinal);
        Assert.Contains("say so: --force", kept.Errors, StringComparison.Ordinal);
        await scenario.RunWellAsync("backups", "set", "auth", "--before", $"{older.Created:o}", "--place", "local", "--no-tag", "--unpin");

        Assert.Contains("Remove", (await scenario.RunWellAsync("backups", "remove", "--path", older.Path, "--what-if")).Output,
            StringComparison.Ordinal);
        var unasked = await scenario.RunAsync("backups", "remove", "--path", older.Path);
        Assert.True(unasked.ExitCode == 2, unasked.All);
        Assert.Equal(4, (await scenario.BackupsAsync()).Count);
        await scenario.RunWellAsync("backups", "remove", "--path", older.Path, "--yes");
        // The copy is a backup of its own.
        Assert.Equal(["local", "offsite", "offsite"], (await scenario.BackupsAsync()).Select(b => b.Place!).Order(StringComparer.Ordinal));
        var forced = await scenario.RunWellAsync("backups", "remove", "auth", "--all", "--place", "offsite", "--force", "--yes");
        Assert.Contains("2 backups match.", forced.Errors, StringComparison.Ordinal);
        Assert.Empty(await scenario.BackupsAsync("--place", "offsite"));
        Assert.Empty(Directory.GetFiles(scenario.File("offsite"), "*.dump*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Cleanup_tells_of_each_place_why_files_go_or_stay()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("plan", "nightly");
        await scenario.RunWellAsync("plan", "nightly");
        scenario.Configure(encrypted: false, keep: "{ daily: 1 }");

        var plan = await scenario.RunWellAsync("cleanup", "--what-if");
        Assert.Contains("Place offsite: 1 stay, 1 to remove", plan.Output, StringComparison.Ordinal);
        Assert.Equal(4, (await scenario.BackupsAsync()).Count);
        await scenario.RunWellAsync("cleanup", "--place", "offsite");
        Assert.Equal(["local", "local", "offsite"], (await scenario.BackupsAsync()).Select(b => b.Place!).Order(StringComparer.Ordinal));
        await scenario.RunWellAsync("cleanup");
        Assert.Equal(2, (await scenario.BackupsAsync()).Count);
    }

    [SkippableFact]
    public async Task No_process_shows_a_passphrase_or_password_while_it_runs()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no ps.");
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true, rows: 1_000_000);
        await using var cli = scenario.Start((_, _) => { }, "backup", "auth");
        var end = cli.EndAsync();
        var seen = new List<string>();
        while (!end.IsCompleted)
            seen.Add((await ChildProcess.RunAsync(new ChildCommand("ps", "-eo", "args"), default)).Output);
        var result = await end;
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Contains(seen, s => s.Contains("pg_dump", StringComparison.Ordinal));
        Assert.All([.. seen, result.All], s =>
        {
            Assert.DoesNotContain(BackupScenario.Passphrase, s, StringComparison.Ordinal);
            Assert.DoesNotContain(TestDatabase.Password, s, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("Did you mean 'auth'?", "backup", "auht")]
    [InlineData("Did you mean 'auth'?", "backups", "auht")]
    [InlineData("Did you mean 'auth'?", "verify", "auht", "--latest")]
    [InlineData("Did you mean 'auth'?", "restore", "auht", "--latest")]
    [InlineData("Did you mean 'standby'?", "restore", "auth", "--latest", "--to", "standbye")]
    [InlineData("Did you mean 'standby'?", "drill", "auth", "--latest", "--on", "standbye")]
    [InlineData("Did you mean 'auth'?", "export", "auht", "auth.dump")]
    [InlineData("Did you mean 'offsite'?", "copy", "--latest", "--to", "ofsite")]
    [InlineData("Did you mean 'local'?", "backup", "auth", "--place", "locla")]
    [InlineData("Did you mean 'nightly'?", "plan", "nightyl")]
    [InlineData("Name the databases to back up, or say --all: ", "backup")]
    [InlineData("Name databases, or say --all.", "backup", "auth", "--all")]
    [InlineData("--tag is empty.", "backup", "auth", "--tag", "")]
    [InlineData("There is no option '--bogus'.", "verify", "--bogus")]
    [InlineData("Say which backups are meant: --latest, --before or --tag", "verify", "auth")]
    [InlineData("--all for every one that matches", "drill")]
    [InlineData("Say which backups are meant", "copy", "auth", "--place", "local", "--to", "offsite")]
    [InlineData("Say which backups are meant", "backups", "sign", "auth")]
    [InlineData("--latest is one of each database, --all is every one", "verify", "--latest", "--all")]
    [InlineData("Say what is to be changed: --tag, --no-tag", "backups", "set", "auth", "--latest")]
    [InlineData("say one of them", "backups", "set", "auth", "--latest", "--pin", "--unpin")]
    [InlineData("say one of them", "backups", "set", "auth", "--latest", "--keep-days", "3", "--no-keep-days")]
    [InlineData("Say which backups are meant: --latest or --before", "backups", "set", "auth", "--tag", "release-7")]
    [InlineData("Say which backups are meant", "backups", "remove", "auth")]
    [InlineData("What is meant stands behind remove", "backups", "auth", "remove", "--latest")]
    [InlineData("Say which backup", "restore", "auth")]
    [InlineData("Name the database", "restore", "--latest")]
    [InlineData("is no moment", "restore", "auth", "--before", "01/02/2024")]
    public async Task Slips_end_with_2_and_say_what_was_meant(string message, params string[] arguments)
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, rows: 1);
        var result = await scenario.RunAsync(arguments);
        Assert.True(result.ExitCode == 2, result.All);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(scenario.File("local")));
    }
}
