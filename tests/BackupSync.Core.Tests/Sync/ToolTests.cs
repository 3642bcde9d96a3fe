using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Sync;

/// <summary>PostgreSQL's tools fail, or are not the right ones.</summary>
public sealed class ToolTests(Servers servers) : IClassFixture<Servers>
{
    [SkippableFact]
    public async Task What_a_failing_pg_dump_says_is_told()
    {
        await using var scenario = await Scenario.CreateAsync(servers);
        var before = await scenario.PrepareAsync();
        using var tools = new TempFolder();
        Program(tools, "pg_dump", servers.Source.Version.ToString(), "echo 'pg_dump: dumping contents of table \"public.users\"' >&2; echo 'pg_dump: error: the dog ate it' >&2; exit 1");
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
        Program(tools, "pg_restore", real.Version.ToString(), $"if [ \"$1\" = --list ]; then exec '{real.PgRestore}' \"$@\"; fi; echo 'pg_restore: error: the dog ate it' >&2; exit 1");
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
        Program(tools, "pg_dump", "17.0", $"for a do shift; case $a in --compress=*) a=--compress=1;; esac; set -- \"$@\" \"$a\"; done; exec '{real.PgDump}' \"$@\"");
        // As a pg_restore 17 does: first the setting; in a database, further without it unless told to stop.
        Program(tools, "pg_restore", "17.0", $$"""
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
        Program(tools, "psql", "17.0", $"exec '{real.Psql}' \"$@\"");
        scenario.Job = scenario.Job with { Tools = new ToolsConfig { PostgresBin = [tools.Path] } };

        // What cannot be restored still fails the run, and is what is told.
        await scenario.OnSourceAsync($"""
            CREATE FUNCTION only_here(i int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN current_setting('port') = '{servers.Source.Port}'; END $$;
            CREATE TABLE fragile (i int CHECK (only_here(i))); INSERT INTO fragile VALUES (1);
            """);
        var failed = await scenario.SyncAsync();
        Faults.AssertFailed(failed, RunOutcome.RolledBack, RunStep.Restore, ErrorIds.RestoreFailed);
        Assert.Contains("fragile", failed.Error!.Message, StringComparison.Ordinal);
        Scenario.AssertSame(before, await scenario.TargetContentAsync());

        await scenario.OnSourceAsync("DROP TABLE fragile");
        await scenario.AssertNextRunGoesWellAsync();
    }

    static void Program(TempFolder folder, string name, string version, string script)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no shell scripts.");
        var path = folder.Write(name, $"#!/bin/sh\nif [ \"$1\" = --version ]; then echo '{name} (PostgreSQL) {version}'; exit 0; fi\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
