using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Runs;

namespace BackupSync.Tests.Operations.BackUp;

public sealed class BackupRoleTests(Servers servers) : IClassFixture<Servers>
{
    [Theory]
    [InlineData(TestRole.Owner)]
    [InlineData(TestRole.Creator)]
    public async Task An_ordinary_owner_can_back_up_and_drill(TestRole role)
    {
        await using var vault = await Vault.CreateAsync(servers, role: role);

        var backup = await vault.BackUpWellAsync();

        Vault.Well(await vault.ProveAsync(backup));
        Vault.Well(await vault.ProveAsync(backup, BackupProof.Drill));
    }

    [Fact]
    public async Task A_role_that_may_not_read_a_table_is_told_which()
    {
        await using var vault = await Vault.CreateAsync(servers, role: TestRole.Owner);
        await vault.Server.ExecuteAsSuperuserAsync("CREATE TABLE public.secret (a integer); REVOKE ALL ON public.secret FROM PUBLIC");

        var result = await vault.BackUpAsync();

        Faults.AssertFailed(result, RunOutcome.Aborted, RunStep.Statistics, ErrorIds.PrivilegeMissing);
        Assert.Contains("secret", result.Error!.Message, StringComparison.Ordinal);
        Assert.Empty(await BackupStore.ListAsync(vault.Local, s => Assert.Fail(s), default));
    }

    [Fact]
    public async Task Roles_that_may_not_be_read_are_a_warning_and_the_backup_is_good()
    {
        await using var vault = await Vault.CreateAsync(servers, encrypted: true, role: TestRole.Owner);
        // pg_dumpall asks for them through the catalog; in a managed service that can be forbidden.
        await vault.Server.ExecuteAsSuperuserAsync("REVOKE SELECT ON pg_catalog.pg_auth_members FROM PUBLIC");

        var result = Vault.Well(await vault.BackUpAsync());

        Assert.Contains(result.Warnings, w => w.Contains("the roles of its server are not kept", StringComparison.Ordinal));
        Assert.False(File.Exists(BackupNames.GlobalsOf(result.SourceBackup!.Path)));
        Vault.Well(await vault.ProveAsync(result.SourceBackup));
    }
}
