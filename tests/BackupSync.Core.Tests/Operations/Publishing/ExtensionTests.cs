using BackupSync.Configuration;

namespace BackupSync.Tests.Operations.Publishing;

/// <summary>Extensions whose tables hold rows of users'.</summary>
public sealed class ExtensionTests
{
    /// <summary>
    /// postgis_topology and pg_partman are made like this. The larger table is the one that refers to the other: pg_restore begins with
    /// it.
    /// </summary>
    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task Tables_of_an_extension_that_refer_to_each_other_are_emptied_and_loaded_in_their_order(PublishMode publish)
    {
        Skip.If(OperatingSystem.IsWindows(), "The server runs as another user, who must be let in.");
        // Before version 18 extensions are found in one folder of the server's own only.
        var server = await VersionedServers.GetAsync(18);
        using var folder = new TempFolder();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(folder.File("extension"));
        folder.Write(
            "extension/duo_ext.control",
            "comment = 'two tables'\ndefault_version = '1.0'\nrelocatable = false\ntrusted = true\nschema = duo\n");
        folder.Write("extension/duo_ext--1.0.sql", """
            create table @extschema@.zz_parent (id int primary key, n text);
            create table @extschema@.aa_child (id int primary key, p int references @extschema@.zz_parent, t text);
            select pg_catalog.pg_extension_config_dump('@extschema@.aa_child', '');
            select pg_catalog.pg_extension_config_dump('@extschema@.zz_parent', '');
            """);
        await using var scenario = await Scenario.CreateAsync(server, server, publish);
        scenario.Job = scenario.Job with { Parallel = 2 };
        await scenario.OnSourceAsync($"ALTER DATABASE {scenario.Source.Database} SET extension_control_path = '$system:{folder.Path}'");
        await scenario.OnTargetAsync($"ALTER DATABASE {scenario.Target.Database} SET extension_control_path = '$system:{folder.Path}'");
        await scenario.OnSourceAsync("""
            CREATE EXTENSION duo_ext; INSERT INTO duo.zz_parent SELECT g, 'n' || g FROM generate_series(1, 20000) g;
            INSERT INTO duo.aa_child SELECT g, g, repeat('x', 100) FROM generate_series(1, 20000) g;
            CREATE TABLE u (id int PRIMARY KEY, p int REFERENCES duo.zz_parent); INSERT INTO u SELECT g, g FROM generate_series(1, 50) g;
            """);

        for (var run = 1; run <= 3; run++)
        {
            await scenario.SyncWellAsync();

            Assert.Equal(20000, await Scenario.CountAsync(
                scenario.TargetAdmin,
                "SELECT count(*) FROM duo.aa_child JOIN duo.zz_parent p ON p.id = aa_child.p"));
        }
    }
}
