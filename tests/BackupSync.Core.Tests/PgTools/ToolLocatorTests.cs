using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Postgres;

namespace BackupSync.Tests.PgTools;

[Trait("Needs", "nothing")]
public sealed class ToolLocatorTests : IDisposable
{
    readonly string _root = Directory.CreateTempSubdirectory("backupsync-tools-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "15.18")]
    [InlineData("postgres (PostgreSQL) 18beta2", "18beta2")]
    [InlineData("pg_dump (PostgreSQL) 19rc1 (Debian 19~rc1-1)", "19rc1")]
    [InlineData("psql (PostgreSQL) 19devel", "19devel")]
    [InlineData("psql (PostgreSQL) 17.0", "17.0")]
    [InlineData("pg_dump (EnterpriseDB)", null)]
    public void Versions_are_read(string text, string? version) => Assert.Equal(version, ToolLocator.ParseVersion(text)?.ToString());

    [Fact]
    public async Task The_oldest_fitting_version_is_taken()
    {
        var locator = Locator(Tools("a", "17.2"), Tools("b", "15.3"), Tools("c", "15.18"), Tools("d", "18.0"));
        Assert.Equal("15.18", (await locator.FindAsync(14, default)).Version.ToString());
        Assert.Equal("17.2", (await locator.FindAsync(16, default)).Version.ToString());
    }

    [Fact]
    public async Task Versions_follow_each_other_as_they_are_released()
    {
        string[] inOrder = ["9.6.24", "15.3", "15.18", "19devel", "19beta1", "19beta2", "19rc1", "19.0", "19.1"];
        Assert.Equal(inOrder, inOrder.Reverse().Select(v => PgVersion.TryParse(v)!).Order().Select(v => v.ToString()));
        Assert.Equal([true, false], new[] { "19.0", "19rc1" }.Select(v => PgVersion.TryParse(v)!.IsReleased));
        Assert.Equal(
            "18.3",
            (await Locator(Tools("a", "18beta2"), Tools("b", "18.3"), Tools("c", "18rc1")).FindAsync(17, default)).Version.ToString());
    }

    [Theory]
    [InlineData(null, false, "18.6")]
    [InlineData(15, true, "15.18")] // its own, the newest of it
    [InlineData(16, true, "17.2")] // the oldest newer one
    [InlineData(18, true, "18.6")]
    [InlineData(19, true, "19rc1")] // where nothing else is there
    [InlineData(16, false, null)]
    [InlineData(20, true, null)]
    public async Task Server_programs_are_of_the_own_version_or_the_next_that_is_released(int? major, bool orNewer, string? expected)
    {
        var folders = new[] { "15.3", "15.18", "17.2", "18rc1", "18.6", "19rc1" }.Select(v => Servers(v)).ToArray();
        Assert.Equal(
            expected,
            (await Locator([.. folders, Tools("tools", "19rc1")]).FindServerProgramsAsync(major, default, orNewer))?.Version.ToString());
        Assert.Equal("19beta2", (await Locator(Servers("18.9"), Servers("19beta2"), Tools("t2", "19rc1")).FindServerProgramsAsync(
            19, default, true))?.Version.ToString());
        Assert.Equal("20.1", (await Locator(Servers("19beta1"), Servers("20.1"), Tools("t3", "20.1")).FindServerProgramsAsync(
            18, default, true))?.Version.ToString());
    }

    [Fact]
    public async Task A_configured_folder_goes_before_the_usual_ones_if_it_fits()
    {
        var configured = new ToolsConfig { PostgresBin = [Tools("mine", "17.2")] };
        var usual = new[] { Tools("b", "15.3"), Tools("d", "18.0") };
        Assert.Equal(17, (await new ToolLocator(configured, () => usual).FindAsync(15, default)).Version.Major);
        Assert.Equal(18, (await new ToolLocator(configured, () => usual).FindAsync(18, default)).Version.Major);
    }

    [Fact]
    public async Task Too_old_ones_are_named_with_the_version_needed()
    {
        var folder = Tools("b", "15.3");
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => Locator(folder).FindAsync(18, default));
        Assert.Equal(ErrorIds.ToolTooOld, e.ErrorId);
        Assert.Contains(
            $"18 or newer are needed for a server of version 18; found: 15.3 in {folder}.", e.Message, StringComparison.Ordinal);
        Assert.Contains("18", e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task None_at_all_is_another_error()
    {
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => Locator().FindAsync(15, default));
        Assert.Equal(ErrorIds.ToolMissing, e.ErrorId);
        Assert.NotNull(e.Advice);
    }

    [Fact]
    public async Task Wrappers_links_and_broken_programs_are_passed_over()
    {
        var real = Tools("real", "15.3");
        var link = Path.Combine(_root, "link");
        Directory.CreateSymbolicLink(link, real);
        var wrapped = Path.Combine(_root, "wrapped");
        Directory.CreateDirectory(wrapped);
        Script(Path.Combine(_root, "pg_wrapper"), "16.1");
        foreach (var name in (string[])["pg_dump", "pg_restore", "psql"])
            File.CreateSymbolicLink(Path.Combine(wrapped, name), "../pg_wrapper");
        var broken = Tools("broken", "17.0");
        File.WriteAllText(Path.Combine(broken, "pg_dump"), "#!/nowhere\n");
        var found = await Locator(wrapped, link, real, broken, Path.Combine(_root, "absent")).FindAllAsync(default);
        Assert.Equal(link, Assert.Single(found).Directory);
    }

    [Fact]
    public async Task This_machine_s_own_programs_are_the_real_ones()
    {
        var tools = await new ToolLocator(new ToolsConfig()).FindAsync(10, default);
        Assert.DoesNotContain(
            await new ToolLocator(new ToolsConfig()).FindAllAsync(default),
            t => t.Directory == "/usr/bin" && Directory.Exists("/usr/share/postgresql-common"));
        Assert.True(File.Exists(tools.PgRestore));
    }

    ToolLocator Locator(params string[] folders) => new(new ToolsConfig(), () => folders);

    string Tools(string name, string version)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, name)).FullName;
        foreach (var program in (string[])["pg_dump", "pg_restore", "psql"])
            Script(Path.Combine(folder, program), version);
        return folder;
    }

    string Servers(string version)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root, $"server-{version}")).FullName;
        foreach (var program in (string[])["initdb", "pg_ctl", "postgres"])
            Script(Path.Combine(folder, program), version);
        return folder;
    }

    static void Script(string path, string version)
    {
        File.WriteAllText(path, $"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
