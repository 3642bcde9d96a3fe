using System.Globalization;
using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Postgres;
using BackupSync.Runs;

namespace BackupSync.Tests.CommandLine;

public sealed class RestoreCommandTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Production_is_replaced_only_when_allowed_and_confirmed()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true);
        await scenario.RunWellAsync("backup", "auth");
        await scenario.OnAuthAsync("DELETE FROM users WHERE id > 10");

        var refused = await scenario.RunAsync("restore", "auth", "--latest", "--yes");
        Assert.True(refused.ExitCode == 1, refused.All);
        Assert.Contains("--allow-production", refused.Errors, StringComparison.Ordinal);
        var unconfirmed = await scenario.RunAsync("restore", "auth", "--latest", "--allow-production");
        Assert.True(unconfirmed.ExitCode == 2, unconfirmed.All);
        Assert.Matches(
            @"replace the content of auth \(.*PRODUCTION.*\) by auth_manual_backup_\S+ in local: auth as it was at .* UTC, 1,000 rows",
            unconfirmed.Errors);
        var plan = await scenario.RunWellAsync("restore", "auth", "--latest", "--what-if");
        Assert.Matches("(?s)SafetyBackup.*Publish", plan.Output);
        Assert.Contains("--allow-production", plan.Errors, StringComparison.Ordinal);
        Assert.Equal(10, await scenario.UsersOfAuthAsync());

        var restored = await scenario.RunWellAsync("restore", "auth", "--latest", "--allow-production", "--yes");
        Assert.Equal(1000, await scenario.UsersOfAuthAsync());
        Assert.Matches(@"Recovered in +\S+s, met \(1h 00m\)", restored.Output);

        // What the restore replaced is listed, but is no backup to restore next.
        Assert.Contains(await scenario.BackupsAsync("auth"), b => b.Kind == BackupKind.Safety);
        Assert.Equal(BackupKind.Manual, Assert.Single(await scenario.BackupsAsync("auth", "--latest")).Kind);
    }

    [Fact]
    public async Task The_newest_before_a_moment_or_with_a_tag_goes_to_another_database()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("backup", "auth", "--tag", "old");
        var old = Assert.Single(await scenario.BackupsAsync());
        await scenario.OnAuthAsync("DELETE FROM users WHERE id > 10");
        await scenario.RunWellAsync("backup", "auth");

        var latest = await scenario.RunWellAsync("restore", "auth", "--latest", "--to", "standby", "--json");
        Assert.Equal((RunKind.Restore, 10), (BackupScenario.Runs(latest).Single().Kind, await scenario.UsersOfStandbyAsync()));
        var moment = old.Created.AddMilliseconds(1).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        await scenario.RunWellAsync("restore", "auth", "--before", moment, "--to", "standby");
        Assert.Equal(1000, await scenario.UsersOfStandbyAsync());
        await scenario.RunWellAsync("restore", "auth", "--latest", "--to", "standby");
        await scenario.RunWellAsync("restore", "auth", "--tag", "o?d", "--to", "standby");
        Assert.Equal(1000, await scenario.UsersOfStandbyAsync());

        var none = await scenario.RunAsync("restore", "auth", "--before", "2001-01-01", "--to", "standby");
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("no good backup of auth", none.Errors, StringComparison.Ordinal);
        var other = await scenario.RunAsync("restore", "standby", "--path", old.Path);
        Assert.True(other.ExitCode == 2, other.All);
        Assert.Contains("is of auth, not of standby", other.Errors, StringComparison.Ordinal);
        Assert.Equal(1000, await scenario.UsersOfStandbyAsync());
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_created_when_that_is_confirmed_by_its_name_or_by_its_url()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("backup", "auth");
        var url = scenario.UrlOnStandby("fresh_by_url");

        var unasked = await scenario.RunAsync("restore", "auth", "--latest", "--target-url", url);
        Assert.True(unasked.ExitCode == 2, unasked.All);
        Assert.Matches(@"replace the content of fresh_by_url \(.*; it is not there, and is created\) by ", unasked.Errors);
        Assert.DoesNotContain(TestDatabase.Password, unasked.All, StringComparison.Ordinal);
        var plan = await scenario.RunWellAsync("restore", "auth", "--latest", "--target-url", url, "--what-if");
        Assert.Contains("Statistics", plan.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("SafetyBackup", plan.Output, StringComparison.Ordinal);
        await scenario.RunWellAsync("restore", "auth", "--latest", "--target-url", url, "--yes");
        plan = await scenario.RunWellAsync("restore", "auth", "--latest", "--target-url", url, "--what-if");
        Assert.Contains("SafetyBackup", plan.Output, StringComparison.Ordinal);
        Assert.Equal(1000, await TestDatabase.ScalarAsync<long>(DatabaseAddress.Parse(url), "SELECT count(*) FROM users"));

        Assert.Equal(2, (await scenario.RunAsync("restore", "auth", "--latest", "--to", "missing")).ExitCode);
        await scenario.RunWellAsync("restore", "auth", "--latest", "--to", "missing", "--yes");
        await scenario.OnAuthAsync("DROP DATABASE not_there");
        var production = await scenario.RunAsync("restore", "auth", "--latest", "--target-url", scenario.AuthUrl, "--yes");
        Assert.True(production.ExitCode == 1, production.All);
        Assert.Contains("has the role production", production.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await scenario.RunAsync("restore", "auth", "--latest", "--to", "standby", "--target-url", url)).ExitCode);
    }

    [Fact]
    public async Task Without_a_configuration_a_url_is_backed_up_to_a_folder_and_goes_to_another_url()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        using var elsewhere = new TempFolder();
        var name = scenario.AuthName;

        Assert.True((await RunAsync("backup", "--url", scenario.AuthUrl, "--tag", "by-url")).ExitCode == 0);
        var file = Assert.Single(Directory.GetFiles(Path.Combine(elsewhere.Path, "backups", name), "*.dump"));
        Assert.Equal(0, (await RunAsync("verify", "--path", file)).ExitCode);
        Assert.Contains(name, (await RunAsync("backups", "--directory", Path.GetDirectoryName(file)!)).Output, StringComparison.Ordinal);
        var import = await RunAsync("import", file, "--target-url", scenario.UrlOnStandby("fresh_import"), "--yes");
        Assert.True(import.ExitCode == 0, import.All);
        await RunAsync("backup", "--url", scenario.AuthUrl, "--directory", "else");
        Assert.Single(Directory.GetFiles(Path.Combine(elsewhere.Path, "else", name), "*.dump"));
        Assert.Equal(2, (await RunAsync("backup", "--directory", "else")).ExitCode);

        async Task<CliResult> RunAsync(params string[] arguments)
        {
            var result = await Cli.RunAsync(arguments, new Dictionary<string, string?> { ["BACKUPSYNC_CONFIG"] = null }, elsewhere.Path);
            Assert.DoesNotContain(TestDatabase.Password, result.All, StringComparison.Ordinal);
            return result;
        }
    }

    [Fact]
    public async Task A_flipped_bit_is_found_told_and_remembered()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true);
        await scenario.RunWellAsync("backup", "auth");
        await scenario.RunWellAsync("backup", "auth");
        var newest = (await scenario.BackupsAsync())[0];
        FlipBit(newest.Path);

        var verify = await scenario.RunAsync("verify", "auth", "--all");
        Assert.True(verify.ExitCode == 1, verify.All);
        Assert.Matches($@"auth .* BAD .* {newest.FileName}", verify.Output);
        Assert.Matches("auth .* read ", verify.Output);
        Assert.Contains(newest.Path, verify.Errors, StringComparison.Ordinal);
        Assert.Contains(ErrorIds.BackupInvalid, verify.Errors, StringComparison.Ordinal);

        Assert.Contains("BAD", (await scenario.RunWellAsync("backups")).Output, StringComparison.Ordinal);
        Assert.NotEqual(newest.Path, Assert.Single(await scenario.BackupsAsync("--latest")).Path);
        var restore = await scenario.RunAsync("restore", "--path", newest.Path, "--to", "standby");
        Assert.True(restore.ExitCode == 1, restore.All);
        Assert.Contains("The next older one is ", restore.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cut_off_end_is_found_also_where_a_good_one_is_beside_it()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("backup", "auth");
        await scenario.RunWellAsync("backup", "auth");
        var newest = (await scenario.BackupsAsync())[0];
        using (var file = File.OpenWrite(newest.Path))
            file.SetLength(newest.Size - 1);

        var verify = await scenario.RunAsync("verify", "--latest");
        Assert.True(verify.ExitCode == 1, verify.All);
        Assert.Contains(newest.Path, verify.Errors, StringComparison.Ordinal);
        Assert.Matches("auth .* read ", verify.Output);
        var byPath = await scenario.RunAsync("verify", "--path", newest.Path, "--json");
        Assert.True(byPath.ExitCode == 1, byPath.All);
        Assert.Equal(ErrorIds.BackupInvalid, BackupScenario.Runs(byPath).Single().Error!.Id);
        var missing = await scenario.RunAsync("verify", "standby", "auth", "--all");
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("There is no such backup of standby", missing.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_is_verified_by_its_path_alone()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("backup", "auth");
        var backup = Assert.Single(await scenario.BackupsAsync());
        using var elsewhere = new TempFolder();
        var result = await Cli.RunAsync(
            ["verify", "--path", backup.Path], new Dictionary<string, string?> { ["BACKUPSYNC_CONFIG"] = null }, elsewhere.Path);
        Assert.True(result.ExitCode == 0, result.All);
        Assert.Equal(1, (await scenario.RunAsync("verify", "--path", "nowhere.dump")).ExitCode);
        Assert.Equal(1, (await scenario.RunAsync("verify", "--path", "s3://bucket/auth/x.dump")).ExitCode);
    }

    [Fact]
    public async Task A_drill_beside_a_database_leaves_nothing_of_it()
    {
        await using var scenario = await BackupScenario.CreateAsync(servers);
        await scenario.RunWellAsync("backup", "auth");
        var drill = await scenario.RunWellAsync("drill", "auth", "--latest", "--on", "standby", "--json");
        var run = BackupScenario.Runs(drill).Single();
        Assert.True(run is { Kind: RunKind.Drill, Target: "standby", Recovery: { RtoMet: true, RpoMet: true } }, drill.All);
        Assert.Equal(BackupProof.Drill, Assert.Single(await scenario.BackupsAsync()).Proof!.How);
        var production = await scenario.RunAsync("drill", "auth", "--latest", "--on", "auth");
        Assert.Equal(1, production.ExitCode);
        Assert.Contains(ErrorIds.TargetIsProduction, production.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auth.dump")]
    [InlineData("auth.dump.enc")]
    public async Task What_export_writes_import_reads(string name)
    {
        await using var scenario = await BackupScenario.CreateAsync(servers, encrypted: true);
        var export = await scenario.RunWellAsync("export", "auth", name);
        Assert.Matches($@"auth +Succeeded .* {name}", export.Output);
        var again = await scenario.RunAsync("export", "auth", name);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("--force", again.Errors, StringComparison.Ordinal);
        await scenario.RunWellAsync("export", "auth", name, "--force");

        await scenario.RunWellAsync("import", name, "--to", "standby", "--yes");
        Assert.Equal(1000, await scenario.UsersOfStandbyAsync());
        Assert.Equal(1, (await scenario.RunAsync("import", name, "--to", "auth", "--yes")).ExitCode);
        Assert.Equal(1, (await scenario.RunAsync("import", "nowhere.dump", "--to", "standby", "--yes")).ExitCode);
        Assert.Empty(Directory.GetFiles(scenario.Folder, "*.partial"));
    }

    static void FlipBit(string path)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = file.Length / 2;
        var value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(value ^ 1));
    }
}
