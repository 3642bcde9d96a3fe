using BackupSync.Cli.Demo;
using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Sandbox;

namespace BackupSync.Tests.Sandboxes;

[Trait("Needs", "nothing")]
public sealed class ServerProgramsTests
{
    readonly List<string> _commands = [];
    readonly List<string> _told = [];

    [Fact]
    public async Task Those_of_this_machine_are_found()
    {
        var programs = await ServerPrograms.FindAsync(new ToolsConfig(), null, null, default);
        Assert.True(File.Exists(programs.InitDb) && File.Exists(programs.PgCtl) && File.Exists(programs.Postgres));
    }

    [Fact]
    public async Task Where_none_are_and_none_can_be_installed_the_advice_says_what_to_do()
    {
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => FindAsync(Packages(isDebian: false, isRoot: true), 17, []));
        Assert.Equal(ErrorIds.ServerProgramsMissing, e.ErrorId);
        Assert.Contains("17", e.Advice, StringComparison.Ordinal);
        Assert.Empty(_commands);
    }

    [Fact]
    public async Task Where_nobody_installs_anything_the_advice_says_how()
    {
        var locator = new ToolLocator(new ToolsConfig(), () => []);
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => ServerPrograms.FindAsync(locator, 17, install: null, default));
        Assert.Equal("PostgreSQL 17's server programs (initdb, pg_ctl, postgres) were not found on this machine.", e.Message);
        Assert.NotEmpty(e.Advice!);
    }

    [Fact]
    public async Task Where_somebody_says_no_nothing_is_installed_and_the_advice_says_how()
    {
        var asked = new List<string>();
        var e = await Assert.ThrowsAsync<BackupSyncException>(() => FindAsync(Packages(isDebian: true, isRoot: true), 17, [], sentence =>
        {
            asked.Add(sentence);
            return false;
        }));

        Assert.Equal("PostgreSQL 17's server programs were not found. The package postgresql-17 would be installed with apt-get.",
            Assert.Single(asked));
        Assert.Equal(ErrorIds.ServerProgramsMissing, e.ErrorId);
        Assert.Contains("postgresql-17", e.Advice, StringComparison.Ordinal);
        Assert.Empty(_commands);
    }

    [Fact]
    public async Task Without_root_and_sudo_nothing_is_installed()
    {
        await Assert.ThrowsAsync<BackupSyncException>(() => FindAsync(Packages(isDebian: true, isRoot: false, exitCodes: 1), null, []));
        Assert.Equal(["sudo -n true"], _commands);
    }

    [Fact]
    public async Task On_debian_root_installs_them_without_a_cluster_of_debian_s_own()
    {
        using var folder = new TestPrograms();
        var found = await FindAsync(Packages(isDebian: true, isRoot: true), null, [folder.Path]);
        Assert.Equal(16, found.Version.Major);
        Assert.Contains("installing the package postgresql", Assert.Single(_told), StringComparison.Ordinal);
        Assert.Equal(3, _commands.Count);
        Assert.Contains("create_main_cluster = false", _commands[0], StringComparison.Ordinal);
        Assert.Equal(
            "env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends postgresql",
            _commands[1]);
        Assert.Contains("rm -f", _commands[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_sudo_and_old_lists_it_takes_an_update()
    {
        using var folder = new TestPrograms();
        var packages = Packages(isDebian: true, isRoot: false, 0, 0, 100, 0, 0, 0);
        await FindAsync(packages, 16, [folder.Path]);
        Assert.All(_commands, c => Assert.StartsWith("sudo -n ", c, StringComparison.Ordinal));
        Assert.EndsWith("apt-get -q -o DPkg::Lock::Timeout=120 update", _commands[3], StringComparison.Ordinal);
        Assert.EndsWith("postgresql-16", _commands[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_installation_removes_the_drop_in_and_tells_apt_s_words()
    {
        var e = await Assert.ThrowsAsync<BackupSyncException>(
            () => FindAsync(Packages(isDebian: true, isRoot: true, 0, 100, 0, 100, 0), null, []));
        Assert.Equal("words of 100", e.Detail);
        Assert.Contains("rm -f", _commands[^1], StringComparison.Ordinal);
    }

    /// <summary>The programs appear once something was installed.</summary>
    Task<PgServerPrograms> FindAsync(
        DebianPackages packages, int? major, string[] afterwards, Func<string, bool>? mayInstall = null) => ServerPrograms.FindAsync(
        new ToolLocator(new ToolsConfig(), () => _commands.Count > 2 ? afterwards : []), major,
        new ServerInstaller(packages, mayInstall ?? (_ => true), _told.Add).InstallAsync, default);

    DebianPackages Packages(bool isDebian, bool isRoot, params int[] exitCodes)
    {
        var codes = new Queue<int>(exitCodes);
        return new DebianPackages((command, _) =>
        {
            _commands.Add(command.ToString());
            var code = codes.TryDequeue(out var c) ? c : 0;
            return Task.FromResult(new ChildResult(code, "", $"words of {code}", TimeSpan.Zero));
        }) { IsDebian = isDebian, IsRoot = isRoot };
    }

    sealed class TestPrograms : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("backupsync-tools-").FullName;

        public TestPrograms()
        {
            foreach (var program in (string[])["initdb", "pg_ctl", "postgres"])
            {
                var file = System.IO.Path.Combine(Path, program);
                File.WriteAllText(file, "#!/bin/sh\necho 'postgres (PostgreSQL) 16.4'\n");
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
