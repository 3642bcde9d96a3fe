using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.Sides;

/// <summary>PostgreSQL's tools fail, or are not the right ones.</summary>
public sealed class ToolTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableFact]
    public async Task What_a_failing_pg_dump_says_is_told()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        var before = await scenario.PrepareAsync();
        using var tools = new TempFolder();
        Program(
            tools,
            "pg_dump",
            servers.Source.Version.ToString(),
            "echo 'pg_dump: dumping contents of table \"public.users\"' >&2; echo 'pg_dump: error: the dog ate it' >&2; exit 1");
        Program(tools, "pg_restore", servers.Source.Version.ToString(), "exit 1");
        Program(tools, "psql", servers.Source.Version.ToString(), "exit 1");
        scenario.Job = scenario.Job with { Tools = new ToolsConfig { PostgresBin = [tools.Path] } };

        var result = await scenario.SyncAsync();

        Assert.Equal(RunOutcome.Aborted, result.Outcome);
        Assert.Contains(result.Error!.Id, new[] { ErrorIds.DumpFailed, ErrorIds.SafetyBackupFailed });
        Assert.Contains("the dog ate it", result.Error.Message, StringComparison.Ordinal);
        Assert.Contains("the dog ate it", result.Error.Detail, StringComparison.Ordinal);
        Assert.Contains("the dog ate it", scenario.LogText, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_failing_restore_is_rolled_back(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        var before = await scenario.PrepareAsync();
        using var tools = new TempFolder();
        var real = servers.Tools;
        Program(tools, "pg_dump", real.Version.ToString(), $"exec '{real.PgDump}' \"$@\"");
        Program(
            tools,
            "pg_restore",
            real.Version.ToString(),
            $"if [ \"$1\" = --list ]; then exec '{real.PgRestore}' \"$@\"; fi; echo 'pg_restore: error: the dog ate it' >&2; exit 1");
        Program(tools, "psql", real.Version.ToString(), $"exec '{real.Psql}' \"$@\"");
        scenario.Job = scenario.Job with { Tools = new ToolsConfig { PostgresBin = [tools.Path] } };

        var result = await scenario.SyncAsync();

        Faults.AssertFailed(result, RunOutcome.RolledBack, RunStep.Restore, ErrorIds.RestoreFailed);
        Assert.Contains("the dog ate it", result.Error!.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());
        await scenario.AssertNothingIsLeftAsync();
    }

    [SkippableFact]
    public async Task A_configured_folder_of_old_tools_does_not_keep_the_fitting_ones_from_being_used()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.PrepareAsync();
        using var tools = new TempFolder();
        foreach (var name in new[] { "pg_dump", "pg_restore", "psql" })
            Program(tools, name, "9.6", "exit 1");
        scenario.Job = scenario.Job with { Tools = new ToolsConfig { PostgresBin = [tools.Path, tools.File("is-not-there")] } };

        await scenario.SyncWellAsync();
    }

    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_setting_of_newer_tools_that_the_target_does_not_know_is_passed_over_and_nothing_else(PublishMode publish)
    {
        Skip.If(servers.Target.Version.Major >= 17, "The server knows the setting.");
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        var before = await scenario.PrepareAsync();
        using var tools = new TempFolder();
        var real = servers.Tools;
        Program(
            tools,
            "pg_dump",
            "17.6",
            $"for a do shift; case $a in --compress=*) a=--compress=1;; esac; set -- \"$@\" \"$a\"; done; exec '{real.PgDump}' \"$@\"");
        // As a pg_restore 17 does: first the setting; in a database, further without it unless told to stop.
        Program(tools, "pg_restore", "17.6", $$"""
            case "$*" in
            --list*) ;;
            --file=-*) echo 'SET statement_timeout = 0;'; echo 'SET transaction_timeout = 0;' ;;
            *) echo 'pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "transaction_timeout"' >&2
               echo 'Command was: SET transaction_timeout = 0;' >&2
               case "$*" in *--exit-on-error*) exit 1 ;; esac
               '{{real.PgRestore}}' "$@"; exit 1 ;;
            esac
            exec '{{real.PgRestore}}' "$@"
            """);
        Program(tools, "psql", "17.6", $"exec '{real.Psql}' \"$@\"");
        scenario.Job = scenario.Job with { Tools = new ToolsConfig { PostgresBin = [tools.Path] } };

        // What cannot be restored still fails the run, and is what is told.
        await scenario.OnSourceAsync($"""
            CREATE FUNCTION only_here(i int) RETURNS boolean
                LANGUAGE plpgsql AS $$ BEGIN RETURN current_setting('port') = '{servers.Source.Port}'; END $$;
            CREATE TABLE fragile (i int CHECK (only_here(i))); INSERT INTO fragile VALUES (1);
            """);
        var failed = await scenario.SyncAsync();
        Faults.AssertFailed(failed, RunOutcome.RolledBack, RunStep.Restore, ErrorIds.RestoreFailed);
        Assert.Contains("fragile", failed.Error!.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());

        await scenario.OnSourceAsync("DROP TABLE fragile");
        await scenario.AssertNextRunGoesWellAsync();
    }

    /// <summary>As pg_dump 18.6 writes it of a server 17.12, and no server but that one takes it.</summary>
    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task What_a_server_keeps_for_itself_in_a_columns_options_is_not_carried_over(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.OnSourceAsync("""
            CREATE TABLE "odd ""name" (id int PRIMARY KEY,
                "b;" text DEFAULT 'ALTER TABLE ONLY public.t ALTER COLUMN b SET (n_distinct=5);', c int);
            ALTER TABLE "odd ""name" ALTER id SET (n_distinct = 5), ALTER "b;" SET (n_distinct = 5), ALTER c
                SET (n_distinct = 5, n_distinct_inherited = 7);
            INSERT INTO "odd ""name" SELECT i, i::text, i FROM generate_series(1, 50) i;
            """);
        using var tools = new TempFolder();
        var real = servers.Tools;
        Program(
            tools,
            "pg_dump",
            real.Version.ToString(),
            $"'{real.PgDump}' \"$@\" | LC_ALL=C sed 's/\\(ALTER COLUMN .* SET (\\)n_distinct=5/\\1pg_attver=55/'");
        Program(tools, "pg_restore", real.Version.ToString(), $"exec '{real.PgRestore}' \"$@\"");
        Program(tools, "psql", real.Version.ToString(), $"exec '{real.Psql}' \"$@\"");
        scenario.Job = scenario.Job with { Tools = new ToolsConfig { PostgresBin = [tools.Path] } };

        var result = await scenario.SyncWellAsync();

        Assert.Equal(1, await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT count(*) FROM pg_attribute WHERE attrelid = '\"odd \"\"name\"'::regclass AND attoptions = '{n_distinct_inherited=7}'"));
        Assert.Equal(0, await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT count(*) FROM pg_attribute WHERE attrelid = '\"odd \"\"name\"'::regclass AND attoptions::text LIKE '%n_distinct=%'"));
        // The text in the default is a value like any other.
        Assert.Equal(1, await Scenario.CountAsync(
            scenario.TargetAdmin,
            "SELECT count(*) FROM pg_attrdef WHERE pg_get_expr(adbin, adrelid) LIKE '%SET (pg_attver=55);%'"));
        Assert.NotNull(result.SourceBackup);
    }

    [SkippableTheory]
    [InlineData(PublishMode.Swap)]
    [InlineData(PublishMode.Transaction)]
    public async Task A_backup_that_was_taken_with_such_options_can_be_restored(PublishMode publish)
    {
        await using var scenario = await Scenario.CreateAsync(servers, publish);
        await scenario.OnSourceAsync("CREATE TABLE t (id int PRIMARY KEY, b text); ALTER TABLE t ALTER b SET (n_distinct = 5); INSERT "
            + "INTO t SELECT i, i::text FROM generate_series(1, 50) i;");
        var backup = (await scenario.SyncWellAsync()).SourceBackup!;
        var content = await scenario.TargetContentAsync();
        var bytes = await File.ReadAllBytesAsync(backup.Path);
        var option = bytes.AsSpan().IndexOf("(n_distinct=5)"u8);
        "(pg_attver=55)"u8.CopyTo(bytes.AsSpan(option));
        await File.WriteAllBytesAsync(backup.Path, bytes);
        ManifestStore.Write(
            backup.Path,
            ManifestStore.Read(backup.Path) with { Sha256 = await FileHash.Sha256Async(backup.Path, default) });
        await scenario.OnTargetAsync("DELETE FROM t WHERE id > 20");

        var restored = await scenario.RestoreAsync(BackupFile.Of(backup.Path, ManifestStore.Read(backup.Path)));

        Assert.Null(restored.Error);
        Scenario.AssertSame(content, await scenario.TargetContentAsync());
    }

    [SkippableFact]
    public async Task A_configured_folder_that_cannot_serve_is_told()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        await scenario.FillAsync();
        using var tools = new TempFolder();
        foreach (var name in new[] { "pg_dump", "pg_restore", "psql" })
            Program(tools, name, "9.6", "exit 1");
        scenario.Job = scenario.Job with { Tools = new ToolsConfig { PostgresBin = [tools.Path, tools.File("is-not-there")] } };

        var result = await scenario.SyncWellAsync();

        Assert.Contains(
            result.Warnings,
            w => w.Contains($"{tools.Path} has version 9.6; {tools.File("is-not-there")} lacks pg_dump", StringComparison.Ordinal));
    }

    static void Program(TempFolder folder, string name, string version, string script)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no shell scripts.");
        var path = folder.Write(
            name,
            $"#!/bin/sh\nif [ \"$1\" = --version ]; then echo '{name} (PostgreSQL) {version}'; exit 0; fi\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
