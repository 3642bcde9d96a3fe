using BackupSync.Postgres;
using BackupSync.Scheduling;
using Microsoft.Extensions.Time.Testing;

namespace BackupSync.Tests.Scheduling;

/// <summary>That one of several services runs, and which.</summary>
public sealed class LeaseTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task On_one_machine_the_first_holds_it_until_it_ends()
    {
        using var temp = new TempFolder();
        await using var second = new FileLease(temp.Path);
        await using (var first = new FileLease(temp.Path))
        {
            Assert.Null(await first.HoldAsync(default));
            Assert.Null(await first.HoldAsync(default));
            Assert.Contains("another service of this machine", await second.HoldAsync(default), StringComparison.Ordinal);
        }
        Assert.Null(await second.HoldAsync(default));
    }

    [Fact]
    public async Task In_a_database_one_holds_it_and_a_later_one_has_a_higher_number()
    {
        await using var database = await servers.CreateSourceAsync();
        await using var first = LeaseOf(database.Address, "first");
        await using var second = LeaseOf(database.Address, "second");

        Assert.Null(await first.HoldAsync(default));
        Assert.StartsWith("first ", await second.HoldAsync(default), StringComparison.Ordinal);
        Assert.Null(await first.HoldAsync(default));
        Assert.Equal(1, first.Fence);

        // Its holder died, and its time is over.
        await database.ExecuteAsync("UPDATE backupsync.lease SET until = now() - interval '1 second'");
        Assert.Null(await second.HoldAsync(default));
        Assert.Equal(2, second.Fence);
        Assert.StartsWith("second ", await first.HoldAsync(default), StringComparison.Ordinal);

        await second.DisposeAsync();
        Assert.Null(await first.HoldAsync(default));
        Assert.Equal(3, first.Fence);
    }

    [Fact]
    public async Task Of_many_that_come_at_once_one_gets_it()
    {
        await using var database = await servers.CreateSourceAsync();
        var leases = Enumerable.Range(0, 8).Select(n => LeaseOf(database.Address, $"service{n}")).ToList();
        await leases[0].HoldAsync(default);
        await database.ExecuteAsync("UPDATE backupsync.lease SET until = now() - interval '1 second'");

        var held = await Task.WhenAll(leases.Select(l => l.HoldAsync(default)));

        Assert.Single(held, h => h is null);
        foreach (var lease in leases)
            await lease.DisposeAsync();
    }

    [Fact]
    public async Task Who_cannot_renew_it_keeps_it_only_while_nobody_else_can_have_it()
    {
        await using var database = await servers.CreateSourceAsync();
        var proxy = new TcpProxy(database.Server.Port);
        var clock = new FakeTimeProvider();
        await using var lease = new DatabaseLease(
            new PgLogin("Lease", proxy.Through(database.Address), "backupsync:lease", ReadOnly: false), () => "n", "first", clock)
        {
            Limit = TimeSpan.FromSeconds(2),
        };
        Assert.Null(await lease.HoldAsync(default));
        await proxy.DisposeAsync();

        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(await lease.HoldAsync(default));
        Assert.True(lease.IsHeld);
        // A process that was stopped meanwhile knows it before it has asked.
        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.False(lease.IsHeld);
        Assert.StartsWith("nobody that is known: ", await lease.HoldAsync(default), StringComparison.Ordinal);
        Assert.NotNull(lease.Problem);
    }

    [Fact]
    public async Task A_table_that_is_dropped_is_made_anew_and_one_that_is_there_needs_no_right_to_make_one()
    {
        await using var database = await servers.CreateSourceAsync();
        await using var lease = LeaseOf(database.Address, "first");
        Assert.Null(await lease.HoldAsync(default));
        await database.ExecuteAsync("DROP TABLE backupsync.lease");
        Assert.Null(await lease.HoldAsync(default));
        await database.ExecuteAsync("DROP SCHEMA backupsync CASCADE");
        Assert.Null(await lease.HoldAsync(default));
        await lease.DisposeAsync();

        await database.ExecuteAsSuperuserAsync($"CREATE ROLE of_{database.Name} LOGIN PASSWORD '{TestDatabase.Password}'");
        var role = database.Server.AddressFor(database.Name, $"of_{database.Name}", TestDatabase.Password);
        await database.ExecuteAsync($"GRANT USAGE ON SCHEMA backupsync TO {role.User}");
        await using var other = LeaseOf(role, "other");
        Assert.Contains("permission denied", await other.HoldAsync(default), StringComparison.Ordinal);
        await database.ExecuteAsync($"GRANT SELECT, INSERT, UPDATE ON backupsync.lease TO {role.User}");
        Assert.Null(await other.HoldAsync(default));
    }

    [Fact]
    public async Task Jobs_that_are_added_are_under_the_lease_of_who_has_read_them()
    {
        await using var database = await servers.CreateSourceAsync();
        var name = "job copy";
        await using var first = new DatabaseLease(
            new PgLogin("Lease", database.Address, "backupsync:lease", ReadOnly: false), () => name, "first", TimeProvider.System);
        Assert.Null(await first.HoldAsync(default));
        name = "job copy, job new";
        Assert.Null(await first.HoldAsync(default));

        await using var restarted = new DatabaseLease(
            new PgLogin("Lease", database.Address, "backupsync:lease", ReadOnly: false), () => name, "second", TimeProvider.System);
        Assert.StartsWith("first ", await restarted.HoldAsync(default), StringComparison.Ordinal);
    }

    static DatabaseLease LeaseOf(DatabaseAddress address, string holder) => new(
        new PgLogin("Lease", address, "backupsync:lease", ReadOnly: false), () => "backupsync.yml", holder, TimeProvider.System);
}
