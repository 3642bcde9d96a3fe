using System.Globalization;

namespace BackupSync.Tests.Soak;

/// <summary>
/// Readers and writers on both sides, and on each server somebody who waits for nobody and so tells how late the machine is.
/// </summary>
sealed class Bystanders : IAsyncDisposable
{
    readonly List<Bystander> _all = [];
    readonly List<Bystander> _clocks = [];
    readonly SoakCase _case;

    public Bystanders(SoakCase soak, SoakScene scene)
    {
        _case = soak;
        if (SoakCase.UsesSource(soak.Run))
        {
            _all.Add(new Bystander("reader of the source", scene.Source.AsSuperuser, "SELECT count(*)::text FROM items1"));
            _all.Add(new Bystander("writer of the source", scene.Source.AsSuperuser,
                "UPDATE beside SET n = n + 1, updated_at = clock_timestamp()"));
            _clocks.Add(Clock(scene.Source));
        }
        if (SoakCase.UsesTarget(soak.Run))
        {
            long[] counts = [scene.Old.Counts["items1"], .. scene.New.Select(n => n.Counts["items1"])];
            _all.Add(new Bystander("reader of the target", scene.Target.Address, "SELECT count(*)::text FROM items1",
                count => counts.Contains(long.Parse(count, CultureInfo.InvariantCulture))
                    ? null
                    : $"{count} rows are seen, neither the old nor the new"));
            _all.Add(new Bystander("writer of the target", scene.Target.Address, "LOCK TABLE items1 IN ROW EXCLUSIVE MODE"));
            _clocks.Add(Clock(scene.Target));
        }
    }

    /// <summary>By how much the machine was late, at worst.</summary>
    public double Slack => 0.5 + (3 * _clocks.Select(c => Math.Max(0, c.Worst - 0.02)).DefaultIfEmpty(0).Max());

    /// <returns>The longest that any stood still.</returns>
    public double Look(List<string> problems, double lockWait)
    {
        // A restore by hand and a comparison give way after ten seconds.
        var blocking = _case.IsRestore || _case.Run == SoakRun.Compare ? 10 : SoakScene.Blocking.TotalSeconds;
        var bearable = blocking + 1 + Slack;
        // Of somebody who holds a lock for a while by himself, it is not we who have others wait.
        var others = _case.Fault == SoakFault.Lock ? 2 : 0;
        foreach (var one in _all)
        {
            if (one.Worst > bearable + others)
                problems.Add($"{one.Who} stood still for {one.Worst:0.00} s, at most {bearable + others:0.00} s are borne");
            // Who is beside the target has the role that may not read the table any more.
            foreach (var error in one.Errors
                .Where(e => _case.Fault != SoakFault.Revoke || !e.StartsWith("42501", StringComparison.Ordinal)))
                problems.Add($"{one.Who}: {error}");
        }
        if (lockWait > bearable)
            problems.Add($"who wanted a lock stood still for {lockWait:0.00} s, at most {bearable:0.00} s are borne");
        return _all.Select(o => o.Worst).DefaultIfEmpty(0).Max();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in _all.Concat(_clocks))
            await one.DisposeAsync();
    }

    static Bystander Clock(TestDatabase database) =>
        new("clock", database.AsSuperuser.WithDatabase("postgres"), "SELECT pg_sleep(0.02)::text");
}
