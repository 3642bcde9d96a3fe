using System.Diagnostics;
using Npgsql;

namespace BackupSync.Tests.Soak;

/// <summary>The fault of a run: comes at its moment, and is undone afterwards.</summary>
sealed class SoakDisturbance(SoakCase soak, SoakScene scene)
{
    /// <summary>What a run of each kind usually sends and receives, in bytes: about so much whatever the rows, and for each row.</summary>
    static (int Fixed, int PerRow) Traffic(SoakRun run, SoakSide side) => (run, side) switch
    {
        (SoakRun.FullBySwap or SoakRun.FullByTransaction, SoakSide.Source) => (850_000, 300),
        (SoakRun.FullBySwap or SoakRun.FullByTransaction, _) => (1_700_000, 500),
        (SoakRun.Plan or SoakRun.PlanEncrypted, _) => (600_000, 300),
        (SoakRun.Compare, _) => (250_000, 60),
        (SoakRun.RestoreTables, _) => (500_000, 200),
        (SoakRun.RestoreBySwap or SoakRun.RestoreByTransaction or SoakRun.RestoreSafety, _) => (1_400_000, 500),
        _ => (520_000, 150),
    };

    /// <summary>How long such a run takes on a quiet machine, in seconds, where no bytes can be counted.</summary>
    static double Usually(SoakRun run) => run == SoakRun.Drill ? 4 : 1.2;

    readonly List<Task> _faults = [];
    volatile bool _isOver, _hasHappened;

    /// <summary>How long somebody who wanted a lock had to wait, in seconds.</summary>
    public double LockWait { get; private set; }

    /// <summary>What is there before the run begins, or never.</summary>
    bool IsBefore => soak.Fault is SoakFault.None or SoakFault.BitFlipped;

    /// <summary>To be called before the run.</summary>
    public void Prepare()
    {
        if (soak.Fault == SoakFault.BitFlipped)
            FlipBit();
    }

    /// <summary>Sees to it that the fault comes at its moment.</summary>
    public void Arm(Cli cli)
    {
        if (IsBefore)
            return;
        if (soak.Side == SoakSide.Machine)
        {
            _faults.Add(Task.Run(async () =>
            {
                await Task.Delay(TimeSpan.FromSeconds(soak.Moment * Usually(soak.Run)));
                await ActAsync(cli);
            }));
            return;
        }
        var (always, perRow) = Traffic(soak.Run, soak.Side);
        scene.Line(soak.Side).After((long)(soak.Moment * (always + ((long)perRow * soak.Rows * soak.Tables))), () => ActAsync(cli));
    }

    /// <summary>The run has ended.</summary>
    /// <returns>Whether the fault has come before that.</returns>
    public bool Disarm()
    {
        _isOver = true;
        foreach (var line in new[] { scene.SourceLine, scene.TargetLine })
        {
            if (soak.Fault is not (SoakFault.Stall or SoakFault.Down) || !_hasHappened)
                line.Restore();
        }
        return _hasHappened || IsBefore;
    }

    /// <summary>What takes long goes on beside the run.</summary>
    async Task ActAsync(Cli cli)
    {
        if (_isOver)
            return;
        _hasHappened = true;
        var line = scene.Line(soak.Side);
        switch (soak.Fault)
        {
            case SoakFault.Kill:
                cli.Kill();
                break;
            case SoakFault.KillAll:
                cli.KillAll();
                break;
            case SoakFault.Terminate:
                cli.Signal("-TERM");
                break;
            case SoakFault.Interrupt:
                cli.Interrupt();
                break;
            case SoakFault.Pause:
                cli.Pause();
                Later(cli.Resume);
                break;
            case SoakFault.Cut:
                line.CutNow();
                line.Restore();
                break;
            case SoakFault.Down:
                line.CutNow();
                break;
            case SoakFault.Stall:
                line.Stall();
                Later(line.Restore);
                break;
            case SoakFault.Crash:
                await scene.Server(soak.Side).StopAsync(immediate: true, default);
                _faults.Add(Task.Run(async () =>
                {
                    await Task.Delay(TimeSpan.FromSeconds(soak.Seconds / 3));
                    await scene.Server(soak.Side).StartAgainAsync(default);
                }));
                break;
            case SoakFault.DiskFull:
                scene.Disk!.Fill();
                break;
            case SoakFault.FolderRenamed:
                if (Directory.Exists(scene.Backups))
                    Directory.Move(scene.Backups, scene.Backups + "-away");
                break;
            case SoakFault.EndSessions:
                await OnServerAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {SoakAttempt.Ours}");
                break;
            case SoakFault.EndSession:
                await OnServerAsync($"""
                    SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE {SoakAttempt.Ours}
                        ORDER BY md5(pid || '{soak.Seed}') LIMIT 1) one
                    """);
                break;
            case SoakFault.PasswordChanged:
                await OnServerAsync($"ALTER ROLE {scene.Database(soak.Side).Address.User} PASSWORD 'another'");
                break;
            case SoakFault.Revoke:
                Wait("ALTER TABLE items1 OWNER TO postgres", 0);
                break;
            case SoakFault.Lock:
                Wait("BEGIN; LOCK TABLE items1 IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(2); ROLLBACK", 2);
                break;
            case SoakFault.Alter:
                Wait("BEGIN; ALTER TABLE groups ADD COLUMN more int; ROLLBACK", 0);
                break;
            case SoakFault.Ddl:
                var ddl = (soak.Seed % 4) switch
                {
                    0 => "ALTER TABLE items1 ADD COLUMN more int DEFAULT 7",
                    1 => "TRUNCATE log",
                    2 => $"CREATE TABLE further AS SELECT id, name FROM items1; ALTER TABLE further OWNER TO {scene.Source.Address.User}",
                    _ => "ALTER TABLE log RENAME COLUMN line TO words",
                };
                Wait(ddl, 0, async () =>
                {
                    scene.SourceContent = await SoakContent.ReadAsync(scene.Source.AsSuperuser);
                    scene.New.Add(scene.Expected(scene.SourceContent));
                });
                break;
        }

        void Later(Action act) => _faults.Add(Task.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(soak.Seconds));
            act();
        }));
    }

    Task OnServerAsync(string sql) => TestDatabase.ExecuteAsync(scene.Database(soak.Side).AsSuperuser, sql);

    /// <summary>A statement of somebody else that may have to wait for the run.</summary>
    /// <param name="takes">How long it takes by itself, in seconds.</param>
    void Wait(string sql, double takes, Func<Task>? afterwards = null) => _faults.Add(Task.Run(async () =>
    {
        // Not named as the program's sessions are.
        var login = scene.Database(soak.Side).AsSuperuser.ToNpgsql().ConnectionString;
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(login) { ApplicationName = "somebody" }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 150 };
        var watch = Stopwatch.StartNew();
        try
        {
            await command.ExecuteNonQueryAsync();
            LockWait = watch.Elapsed.TotalSeconds - takes;
        }
        catch (PostgresException e) when (e.SqlState is "57P01" or "3D000" or "42P01")
        {
            // A swap ends the sessions of the old database, this one as well.
        }
        if (afterwards is not null)
            await afterwards();
    }));

    void FlipBit()
    {
        using var file = new FileStream(scene.Backup!, FileMode.Open, FileAccess.ReadWrite);
        file.Position = (long)(soak.Moment * (file.Length - 1));
        var value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(value ^ (1 << (soak.Seed % 8))));
    }

    /// <summary>Waits for what goes on still, and makes good what was broken.</summary>
    public async Task UndoAsync()
    {
        await Task.WhenAll(_faults).WaitAsync(TimeSpan.FromMinutes(3));
        foreach (var line in new[] { scene.SourceLine, scene.TargetLine })
            line.Restore();
        foreach (var server in new[] { scene.SourceServer, scene.TargetServer }.Where(s => s.ServerProcessId is null))
            await server.StartAgainAsync(default);
        switch (soak.Fault)
        {
            case SoakFault.BitFlipped:
                FlipBit();
                break;
            case SoakFault.DiskFull:
                scene.Disk!.Empty();
                break;
            case SoakFault.FolderRenamed when Directory.Exists(scene.Backups + "-away"):
                if (Directory.Exists(scene.Backups))
                    Directory.Delete(scene.Backups, recursive: true);
                Directory.Move(scene.Backups + "-away", scene.Backups);
                break;
            case SoakFault.PasswordChanged:
                await OnServerAsync($"ALTER ROLE {scene.Database(soak.Side).Address.User} PASSWORD '{TestDatabase.Password}'");
                break;
            case SoakFault.Revoke:
                await OnServerAsync($"ALTER TABLE items1 OWNER TO {scene.Database(soak.Side).Address.User}");
                break;
        }
    }
}
