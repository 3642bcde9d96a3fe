using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using BackupSync.PgTools;
using Npgsql;

namespace BackupSync.Tests.Soak;

/// <summary>Runs one fault, and looks at all that has to hold afterwards.</summary>
public sealed class SoakRunner(SoakServers servers)
{
    /// <summary>Never in what is printed, in records and in logs.</summary>
    static readonly string[] Secrets = [TestDatabase.Password, Uri.EscapeDataString(TestDatabase.Password), SoakScene.Passphrase];

    static readonly string[] Crashes = ["   at BackupSync", "   at Npgsql", "   at System.", "Unhandled exception",
        "defect of BackupSync", "BackupSync.Unexpected"];

    /// <summary>Runs it; where it fails, smaller ones until none fails or the time is over.</summary>
    /// <returns>The first, and the smallest that fails as well.</returns>
    public async Task<(SoakResult First, SoakResult? Smallest)> RunAsync(SoakCase soak, TimeSpan shrinkLimit, Action<SoakResult> tell)
    {
        var first = await RunAsync(soak);
        tell(first);
        if (first.Problems.Count == 0)
            return (first, null);
        var (smallest, watch) = (first, Stopwatch.StartNew());
        var tried = new HashSet<SoakCase>();
        bool isSmaller;
        do
        {
            isSmaller = false;
            foreach (var smaller in smallest.Case.Smaller().Where(tried.Add))
            {
                if (watch.Elapsed > shrinkLimit)
                    return (first, smallest);
                var result = await RunAsync(smaller);
                tell(result);
                if (result.Problems.Count == 0)
                    continue;
                (smallest, isSmaller) = (result, true);
                break;
            }
        }
        while (isSmaller);
        return (first, smallest);
    }

    public async Task<SoakResult> RunAsync(SoakCase soak)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            var result = await new SoakAttempt(soak, servers).RunAsync();
            return result with { Seconds = watch.Elapsed.TotalSeconds };
        }
        catch (Exception failure) when (failure is not SkipException)
        {
            return new SoakResult(soak) { Problems = [$"the soak itself: {failure}"], Seconds = watch.Elapsed.TotalSeconds };
        }
    }

    internal static void LookAtWords(string where, string text, List<string> problems)
    {
        foreach (var secret in Secrets.Where(s => text.Contains(s, StringComparison.Ordinal)))
            problems.Add($"{where}: a secret is shown: {secret}");
        foreach (var crash in Crashes.Where(c => text.Contains(c, StringComparison.Ordinal)))
            problems.Add($"{where}: '{crash.Trim()}' is shown");
    }
}

/// <summary>One fault, from its databases to what is left.</summary>
sealed class SoakAttempt(SoakCase soak, SoakServers servers)
{
    const int Killed = 137;

    /// <summary>The program's sessions; what looks at them is named as they are.</summary>
    const string Ours = "application_name LIKE 'backupsync%' AND pid <> pg_backend_pid()";

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

    readonly List<string> _problems = [];
    readonly TaskCompletionSource _happened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<Task> _faults = [];
    SoakScene _scene = null!;
    double _lockWait;
    volatile bool _isOver;

    public async Task<SoakResult> RunAsync()
    {
        await using var scene = _scene = await SoakScene.CreateAsync(soak, servers);
        await using var beside = new Bystanders(soak, scene);
        if (soak.Fault == SoakFault.BitFlipped)
            FlipBit();
        var (fromSource, fromTarget) = (scene.SourceLine.Passed, scene.TargetLine.Passed);
        CliResult ended;
        bool inTime;
        await using (var cli = Cli.Start(scene.Arguments, scene.Environment, scene.Root))
        {
            Arm(cli);
            ended = await cli.EndAsync(TimeSpan.FromMinutes(6));
            _isOver = true;
            inTime = _happened.Task.IsCompleted || soak.Fault is SoakFault.None or SoakFault.BitFlipped;
            Disarm();
        }
        (fromSource, fromTarget) = (scene.SourceLine.Passed - fromSource, scene.TargetLine.Passed - fromTarget);
        // Before the next run clears it: the servers let go of what a dead one held by themselves.
        if (soak.Fault is not (SoakFault.Crash or SoakFault.Down or SoakFault.Stall))
            await NobodyIsHeldAsync();
        await Task.WhenAll(_faults).WaitAsync(TimeSpan.FromMinutes(3));
        await UndoAsync();
        await NobodyIsHeldAsync();
        var slack = beside.Slack;
        await beside.DisposeAsync();
        var worst = beside.Look(_problems, Math.Max(0, _lockWait));

        var result = new SoakResult(soak)
        {
            Happened = inTime, ExitCode = ended.ExitCode, FromSource = fromSource, FromTarget = fromTarget,
            Worst = Math.Max(worst, _lockWait), Slack = slack,
        };
        result = await LookAtTargetAsync(LookAtWords(result, ended));
        await LookAtNextRunAsync();
        await LookAtSourceAsync();
        await LookAtLeftoversAsync();
        return result with { Problems = _problems, Printed = _problems.Count == 0 ? "" : ended.All };
    }

    /// <summary>Sees to it that the fault comes at its moment.</summary>
    void Arm(Cli cli)
    {
        if (soak.Fault is SoakFault.None or SoakFault.BitFlipped)
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
        _scene.Line(soak.Side).After((long)(soak.Moment * (always + ((long)perRow * soak.Rows * soak.Tables))), () => ActAsync(cli));
    }

    void Disarm()
    {
        foreach (var line in new[] { _scene.SourceLine, _scene.TargetLine })
        {
            if (soak.Fault is not (SoakFault.Stall or SoakFault.Down) || !_happened.Task.IsCompleted)
                line.Restore();
        }
    }

    /// <summary>What takes long goes on beside the run.</summary>
    async Task ActAsync(Cli cli)
    {
        if (_isOver)
            return;
        _happened.TrySetResult();
        var line = _scene.Line(soak.Side);
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
                await _scene.Server(soak.Side).StopAsync(immediate: true, default);
                _faults.Add(Task.Run(async () =>
                {
                    await Task.Delay(TimeSpan.FromSeconds(soak.Seconds / 3));
                    await _scene.Server(soak.Side).StartAgainAsync(default);
                }));
                break;
            case SoakFault.DiskFull:
                _scene.Disk!.Fill();
                break;
            case SoakFault.FolderRenamed:
                if (Directory.Exists(_scene.Backups))
                    Directory.Move(_scene.Backups, _scene.Backups + "-away");
                break;
            case SoakFault.EndSessions:
                await OnServerAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {Ours}");
                break;
            case SoakFault.EndSession:
                await OnServerAsync($"""
                    SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE {Ours} ORDER BY md5(pid || '{soak.Seed}') LIMIT 1) one
                    """);
                break;
            case SoakFault.PasswordChanged:
                await OnServerAsync($"ALTER ROLE {_scene.Database(soak.Side).Address.User} PASSWORD 'another'");
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
                    2 => "CREATE TABLE further AS SELECT id, name FROM items1",
                    _ => "ALTER TABLE log RENAME COLUMN line TO words",
                };
                Wait(ddl, 0, async () =>
                {
                    _scene.SourceContent = await SoakContent.ReadAsync(_scene.Source.AsSuperuser);
                    _scene.New.Add(_scene.Expected(_scene.SourceContent));
                });
                break;
        }

        void Later(Action act) => _faults.Add(Task.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(soak.Seconds));
            act();
        }));
    }

    Task OnServerAsync(string sql) => TestDatabase.ExecuteAsync(_scene.Database(soak.Side).AsSuperuser, sql);

    /// <summary>A statement of somebody else that may have to wait for the run.</summary>
    /// <param name="takes">How long it takes by itself, in seconds.</param>
    void Wait(string sql, double takes, Func<Task>? afterwards = null) => _faults.Add(Task.Run(async () =>
    {
        // Not named as the program's sessions are.
        var login = _scene.Database(soak.Side).AsSuperuser.ToNpgsql().ConnectionString;
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(login) { ApplicationName = "somebody" }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 150 };
        var watch = Stopwatch.StartNew();
        try
        {
            await command.ExecuteNonQueryAsync();
            _lockWait = watch.Elapsed.TotalSeconds - takes;
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
        using var file = new FileStream(_scene.Backup!, FileMode.Open, FileAccess.ReadWrite);
        file.Position = (long)(soak.Moment * (file.Length - 1));
        var value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(value ^ (1 << (soak.Seed % 8))));
    }

    async Task UndoAsync()
    {
        foreach (var line in new[] { _scene.SourceLine, _scene.TargetLine })
            line.Restore();
        foreach (var server in new[] { _scene.SourceServer, _scene.TargetServer }.Where(s => s.ServerProcessId is null))
            await server.StartAgainAsync(default);
        switch (soak.Fault)
        {
            case SoakFault.BitFlipped:
                FlipBit();
                break;
            case SoakFault.DiskFull:
                _scene.Disk!.Empty();
                break;
            case SoakFault.FolderRenamed when Directory.Exists(_scene.Backups + "-away"):
                if (Directory.Exists(_scene.Backups))
                    Directory.Delete(_scene.Backups, recursive: true);
                Directory.Move(_scene.Backups + "-away", _scene.Backups);
                break;
            case SoakFault.PasswordChanged:
                await OnServerAsync($"ALTER ROLE {_scene.Database(soak.Side).Address.User} PASSWORD '{TestDatabase.Password}'");
                break;
            case SoakFault.Revoke:
                await OnServerAsync($"ALTER TABLE items1 OWNER TO {_scene.Database(soak.Side).Address.User}");
                break;
        }
    }

    /// <summary>Until no session of ours is left, for a while at most.</summary>
    async Task NobodyIsHeldAsync()
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(8) && await SessionsAsync() > 0;)
            await Task.Delay(100);
    }

    async Task<long> SessionsAsync()
    {
        long sessions = 0;
        foreach (var database in new[] { _scene.Source, _scene.Target }.Where(d => d.Server.ServerProcessId is not null))
        {
            sessions += await TestDatabase.ScalarAsync<long>(database.AsSuperuser.WithDatabase("postgres"),
                $"SELECT count(*) FROM pg_stat_activity WHERE {Ours}");
        }
        return sessions;
    }

    /// <summary>What the program has told, and whether it may.</summary>
    SoakResult LookAtWords(SoakResult result, CliResult ended)
    {
        SoakRunner.LookAtWords("the output", ended.All, _problems);
        JsonElement? told = null;
        foreach (var printed in ended.Output.Split('\n').Where(l => l.StartsWith('{')))
        {
            try
            {
                told = JsonDocument.Parse(printed).RootElement;
            }
            catch (JsonException)
            {
                if (ended.ExitCode != Killed)
                    _problems.Add($"what it printed is no JSON: {printed[..Math.Min(80, printed.Length)]}");
            }
        }
        var isKilled = ended.ExitCode == Killed;
        if (isKilled && soak.Fault is not (SoakFault.Kill or SoakFault.KillAll))
            _problems.Add("it was killed by nobody");
        if (told is null || !told.Value.TryGetProperty("outcome", out var outcome))
        {
            // A signal can come before the program has begun to listen for it.
            if (!isKilled && ended.ExitCode is not (0 or 6 or 130 or 143) && string.IsNullOrWhiteSpace(ended.Errors))
                _problems.Add($"exit code {ended.ExitCode}, and nothing is said");
            return result;
        }
        var word = outcome.GetString()!;
        string? message = null;
        if (told.Value.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
            message = string.Join(" | ", new[] { "message", "rollback" }.Select(n => error.GetProperty(n).GetString()).OfType<string>());
        var code = word switch { "Succeeded" => 0, "RolledBack" => 3, "RollbackFailed" => 4, "Skipped" => 5, "Cancelled" => 130, _ => 1 };
        if (!isKilled && code != ended.ExitCode)
            _problems.Add($"it says {word} and ends with {ended.ExitCode}");
        if (word != "Succeeded" && word != "Incomplete" && (string.IsNullOrWhiteSpace(message) || message.Contains('\n')))
            _problems.Add($"{word} without a sentence: {message}");
        if (word == "Skipped")
            _problems.Add($"skipped, and nobody else runs: {message}");
        if (soak.IsSync && soak.Fault is not (SoakFault.FolderRenamed or SoakFault.DiskFull))
            LookAtHistory(told.Value.GetProperty("run_id").GetString()!, word);
        return result with { Outcome = word, Message = message };
    }

    void LookAtHistory(string run, string outcome)
    {
        var history = Path.Join(_scene.Backups, "soak", "history.jsonl");
        var last = File.Exists(history) ? File.ReadLines(history).LastOrDefault() : null;
        if (last is null || !new[] { $"\"{run}\"", $"\"outcome\":\"{outcome}\"" }.All(t => last.Contains(t, StringComparison.Ordinal)))
            _problems.Add($"the history does not say {outcome} of the run {run}: {last?[..Math.Min(200, last.Length)] ?? "nothing"}");
    }

    /// <summary>Old or new, and what was told of it is true.</summary>
    async Task<SoakResult> LookAtTargetAsync(SoakResult result)
    {
        var content = await SoakContent.ReadAsync(_scene.Target.AsSuperuser);
        if (content.BesideNumbers.Count > 1)
            _problems.Add($"the target has a torn copy of {SoakContent.Beside}: {string.Join(", ", content.BesideNumbers)}");
        var old = content.DifferenceFrom(_scene.Old);
        var news = _scene.New.Select(content.DifferenceFrom).ToList();
        if (!soak.Writes)
        {
            if (old is not null)
                _problems.Add($"the target has changed: {old}");
            return result;
        }
        var isNew = news.Contains(null);
        if (old is not null && !isNew)
            _problems.Add($"the target is neither old ({old}) nor new ({string.Join("; or ", news)})");
        else if (result.Outcome == "Succeeded" && !isNew)
            _problems.Add($"it says Succeeded, and the target is not new: {string.Join("; or ", news)}");
        else if (result.Outcome is not (null or "Succeeded" or "RollbackFailed") && old is not null)
            _problems.Add($"it says {result.Outcome} ({result.Message}), and the target is not old: {old}");
        return result with { IsNew = isNew && old is not null };
    }

    /// <summary>Undisturbed it goes well, whatever has been.</summary>
    async Task LookAtNextRunAsync()
    {
        // What a dead one had decrypted goes once it cannot be anybody's.
        foreach (var folder in Directory.GetDirectories(_scene.Temporary))
            Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow.AddMinutes(-5));
        var watch = Stopwatch.StartNew();
        CliResult next;
        do
        {
            await using var cli = Cli.Start(_scene.Arguments, _scene.Environment, _scene.Root);
            next = await cli.EndAsync(TimeSpan.FromMinutes(6));
        }
        while (next.ExitCode == 5 && watch.Elapsed < TimeSpan.FromMinutes(1));
        SoakRunner.LookAtWords("the next run's output", next.All, _problems);
        if (next.ExitCode != (soak.Run == SoakRun.Compare ? 6 : 0))
        {
            _problems.Add($"the next run fails: {next.All}");
            return;
        }
        if (soak.Writes)
        {
            var content = await SoakContent.ReadAsync(_scene.Target.AsSuperuser);
            if (content.DifferenceFrom(_scene.New[^1]) is { } difference)
                _problems.Add($"after the next run the target is not as the source: {difference}");
            var (numbers, wanted) = (content.BesideNumbers, content.BesideNumbers);
            if (soak.IsSync)
                wanted = (await SoakContent.ReadAsync(_scene.Source.AsSuperuser)).BesideNumbers;
            if (!numbers.SequenceEqual(wanted) || numbers.Count != 1)
                _problems.Add($"after the next run {SoakContent.Beside} has {string.Join(", ", numbers)}, and on the source {string.Join(", ", wanted)}");
        }
        if (soak.IsPlan)
            await LookAtBackupAsync();
        if (soak.Run == SoakRun.Cleanup)
            LookAtKept();
    }

    /// <summary>The newest backup, read by PostgreSQL's own program into a database of its own.</summary>
    async Task LookAtBackupAsync()
    {
        var newest = Directory.GetFiles(Path.Join(_scene.Backups, "local"), "*.dump*", SearchOption.AllDirectories)
            .Where(f => HasEnding(f, ".dump", ".dump.enc")).Max(StringComparer.Ordinal)!;
        var archive = newest;
        if (newest.EndsWith(".enc", StringComparison.Ordinal))
        {
            archive = Path.Join(_scene.Root, "opened");
            var opened = await ChildProcess.RunAsync(new ChildCommand(
                "openssl", "enc", "-d", "-aes-256-cbc", "-pbkdf2", "-iter", "600000", "-md", "sha256", "-pass",
                $"pass:{SoakScene.Passphrase}", "-in", newest, "-out", archive), default);
            if (opened.ExitCode != 0)
                _problems.Add($"openssl cannot open {Path.GetFileName(newest)}: {opened.ErrorTail}");
        }
        await using var database = await TestDatabase.CreateAsync(_scene.TargetServer, TestRole.Superuser);
        var tools = await VersionedServers.ToolsAsync(soak.TargetMajor);
        var restored = await ChildProcess.RunAsync(new ChildCommand(tools.PgRestore, "--no-owner", "--exit-on-error",
            "--dbname", database.ConnectionString, archive), default);
        if (restored.ExitCode != 0)
            _problems.Add($"pg_restore cannot read {Path.GetFileName(newest)}: {restored.ErrorTail}");
        else if ((await SoakContent.ReadAsync(database.AsSuperuser)).DifferenceFrom(_scene.New[^1]) is { } difference)
            _problems.Add($"{Path.GetFileName(newest)} does not hold what the source holds: {difference}");
    }

    static bool HasEnding(string file, params string[] endings) => endings.Any(e => file.EndsWith(e, StringComparison.Ordinal));

    void LookAtKept()
    {
        var kept = Directory.GetFiles(Path.Join(_scene.Backups, "soak"), "*.dump").Select(Path.GetFileName).ToList();
        foreach (var kind in new[] { "source", "safety" }.Where(k => !kept.Any(f => f!.Contains(k, StringComparison.Ordinal))))
            _problems.Add($"no {kind} backup is kept: {string.Join(", ", kept)}");
        foreach (var file in kept.Where(f => !File.Exists(Path.Join(_scene.Backups, "soak", f + ".json"))))
            _problems.Add($"{file} has lost its manifest");
    }

    async Task LookAtSourceAsync()
    {
        if ((await SoakContent.ReadAsync(_scene.Source.AsSuperuser)).DifferenceFrom(_scene.SourceContent) is { } difference)
            _problems.Add($"the source has changed: {difference}");
        if (await TestDatabase.ScalarAsync<bool>(_scene.Source.AsSuperuser, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'backupsync')"))
            _problems.Add("the source has a schema of ours");
    }

    /// <summary>Of a dead run nothing is left after the next one.</summary>
    async Task LookAtLeftoversAsync()
    {
        foreach (var (side, database) in new[] { ("source", _scene.Source), ("target", _scene.Target) })
        {
            var server = database.AsSuperuser.WithDatabase("postgres");
            var watch = Stopwatch.StartNew();
            string? left;
            do
            {
                left = await TestDatabase.ScalarAsync<string>(server, $"""
                    SELECT string_agg(what, ', ') FROM (
                      SELECT 'session ' || application_name || ' ' || query AS what FROM pg_stat_activity WHERE {Ours}
                      UNION ALL SELECT 'lock ' || objid FROM pg_locks WHERE locktype = 'advisory'
                      UNION ALL SELECT 'prepared ' || gid FROM pg_prepared_xacts
                      UNION ALL SELECT 'database ' || datname FROM pg_database WHERE datname LIKE 'backupsync%'
                      UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE 'backupsync%') x
                    """);
                if (left is not null)
                    await Task.Delay(200);
            }
            while (left is not null && watch.Elapsed < TimeSpan.FromSeconds(20));
            if (left is not null)
                _problems.Add($"on the {side} is left: {left}");
        }
        if (Directory.GetFiles(_scene.Root, "*.partial", SearchOption.AllDirectories) is { Length: > 0 } partial)
            _problems.Add($"unfinished files are left: {string.Join(", ", partial.Select(Path.GetFileName))}");
        if (Directory.GetFileSystemEntries(_scene.Temporary).Select(Path.GetFileName).ToList() is { Count: > 0 } temporary)
            _problems.Add($"temporary files are left: {string.Join(", ", temporary)}");
        if (Processes() is { Count: > 0 } processes)
            _problems.Add($"processes are left: {string.Join(", ", processes)}");
        foreach (var file in Directory.GetFiles(_scene.Root, "*", SearchOption.AllDirectories)
            .Where(f => HasEnding(f, ".json", ".jsonl", ".log")))
            SoakRunner.LookAtWords(Path.GetFileName(file), await File.ReadAllTextAsync(file), _problems);
    }

    List<string> Processes()
    {
        if (!OperatingSystem.IsLinux())
            return [];
        List<string> found = [];
        for (var watch = Stopwatch.StartNew(); ; Thread.Sleep(100))
        {
            found = [.. Directory.GetDirectories("/proc").Where(IsOurs).Select(p => Text(p, "cmdline").Replace('\0', ' '))];
            if (found.Count == 0 || watch.Elapsed > TimeSpan.FromSeconds(10))
                return found;
        }

        bool IsOurs(string process) =>
            char.IsAsciiDigit(Path.GetFileName(process)[0]) && Text(process, "environ").Contains(_scene.Mark, StringComparison.Ordinal);

        static string Text(string process, string file)
        {
            try
            {
                return File.ReadAllText(Path.Join(process, file));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }
}

/// <summary>Readers and writers on both sides, and on each server somebody who waits for nobody and so tells how late the machine is.</summary>
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
                count => counts.Contains(long.Parse(count, CultureInfo.InvariantCulture)) ? null : $"{count} rows are seen, neither the old nor the new"));
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
            foreach (var error in one.Errors.Where(e => _case.Fault != SoakFault.Revoke || !e.StartsWith("42501", StringComparison.Ordinal)))
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

    static Bystander Clock(TestDatabase database) => new("clock", database.AsSuperuser.WithDatabase("postgres"), "SELECT pg_sleep(0.02)::text");
}
