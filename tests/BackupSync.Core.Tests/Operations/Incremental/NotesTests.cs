using BackupSync.Configuration;
using static BackupSync.Tests.Operations.Incremental.StampedItems;

namespace BackupSync.Tests.Operations.Incremental;

/// <summary>What runs leave in the target for the next ones, when others have been at it.</summary>
public sealed class NotesTests
{
    /// <summary>By hand, by another version, by half a restore.</summary>
    [SkippableTheory]
    [InlineData("ALTER TABLE backupsync.sync_state DROP COLUMN state")]
    [InlineData("ALTER TABLE backupsync.sync_state ADD COLUMN version int NOT NULL DEFAULT 3; ALTER TABLE backupsync.sync_state ALTER "
        + "version DROP DEFAULT")]
    [InlineData("ALTER TABLE backupsync.sync_state DROP CONSTRAINT sync_state_pkey")]
    [InlineData("UPDATE backupsync.sync_state SET state = jsonb_set(state, '{tables,public.items}', 'null')")]
    [InlineData("UPDATE backupsync.sync_state SET state = jsonb_set(state, '{tables,public.items,writes}', 'null')")]
    [InlineData("UPDATE backupsync.sync_state SET state = jsonb_set(state, '{objects}', '[null]')")]
    [InlineData("UPDATE backupsync.sync_state SET state = jsonb_set(state, '{own,ours}', 'null')")]
    [InlineData("ALTER TABLE backupsync.own_rows RENAME key TO k")]
    [InlineData("DROP TABLE backupsync.own_rows; CREATE TABLE backupsync.own_rows (job text, name text, key text)")]
    [InlineData("DROP TABLE backupsync.own_rows")]
    [InlineData("TRUNCATE backupsync.own_rows")]
    [InlineData("DROP SCHEMA backupsync CASCADE")]
    public async Task Notes_that_cannot_be_read_are_none_and_what_is_the_targets_own_stays(string spoil)
    {
        await using var scenario = await StartedAsync(18, i => i with { Conflict = ConflictRule.LastWriteWins });
        await scenario.OnTargetAsync("INSERT INTO items (id, name, updated_at) VALUES (9001, 'own', '2001-01-01')");
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.SyncWellAsync(SyncMode.Incremental);
        await scenario.OnTargetAsync(spoil);
        await scenario.OnSourceAsync(
            "UPDATE items SET name = 'changed', updated_at = now() WHERE id < 10; INSERT INTO items (name) VALUES ('new')");

        await scenario.SyncWellAsync(SyncMode.Incremental);
        Assert.Equal("9 own new", await Scenario.TextAsync(scenario.TargetAdmin,
            "SELECT concat_ws(' ', count(*) FILTER (WHERE name = 'changed'), max(name) FILTER (WHERE id = 9001), max(name) FILTER "
                + "(WHERE name = 'new')) FROM items"));
        await scenario.OnSourceAsync("DELETE FROM items WHERE name = 'new'");
        await scenario.SyncWellAsync(SyncMode.Incremental);

        // Where nobody knows any more whose a row is, it stays; from the next run on it is known again.
        Assert.Equal(
            "own",
            await Scenario.TextAsync(scenario.TargetAdmin, "SELECT string_agg(name, ' ') FROM items WHERE id = 9001 OR name = 'new'"));
    }

    /// <summary>Another one publishes deletes from its keys alone: it has to know which row of ours goes.</summary>
    [SkippableTheory]
    [InlineData(15), InlineData(17), InlineData(18), InlineData(19)]
    public async Task A_target_that_publishes_all_its_tables_keeps_what_is_its_own(int major)
    {
        await using var scenario = await StartedAsync(major);
        await scenario.OnTargetAsync(
            "CREATE PUBLICATION everything FOR ALL TABLES; INSERT INTO items (id, name, updated_at) VALUES (9001, 'own', '2001-01-01')");
        scenario.Set(i => i with { Conflict = ConflictRule.LastWriteWins });
        for (var run = 0; run < 2; run++)
        {
            await scenario.OnSourceAsync("UPDATE items SET name = 'changed', updated_at = now() WHERE id < 10");
            await scenario.SyncWellAsync(SyncMode.Incremental);
        }

        Assert.Equal("9 9001", await Scenario.TextAsync(scenario.TargetAdmin,
            "SELECT concat_ws(' ', count(*) FILTER (WHERE name = 'changed'), max(id)) FROM items"));
    }

    [SkippableFact]
    public async Task A_view_in_the_place_of_the_notes_is_named()
    {
        await using var scenario = await StartedAsync(18);
        await scenario.OnTargetAsync(
            "ALTER TABLE backupsync.sync_state RENAME TO others; CREATE VIEW backupsync.sync_state AS SELECT * FROM backupsync.others");

        var result = await scenario.SyncAsync(mode: SyncMode.Incremental);

        Assert.Contains(
            "backupsync.sync_state, where incremental runs keep their notes, is no table", result.Error!.Message, StringComparison.Ordinal);
    }
}
