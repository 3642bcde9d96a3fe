using System.Diagnostics;
using System.Text.Json;
using BackupSync.PgTools;

namespace BackupSync.Tests.Soak;

/// <summary>One fault, from its databases to what is left.</summary>
/// <param name="afterwards">Done once the program has ended, before anything is looked at: for the test of what looks.</param>
sealed class SoakAttempt(SoakCase soak, SoakServers servers, Func<SoakScene, Task>? afterwards = null)
{
    const int Killed = 137;

    /// <summary>The program's sessions; what looks at them is named as they are.</summary>
    public const string Ours = "application_name LIKE 'backupsync%' AND pid <> pg_backend_pid()";

    CliResult? _next;
    readonly List<string> _problems = [];
    SoakScene _scene = null!;

    public async Task<SoakResult> RunAsync()
    {
        await using var scene = _scene = await SoakScene.CreateAsync(soak, servers);
        await using var beside = new Bystanders(soak, scene);
        var disturbance = new SoakDisturbance(soak, scene);
        disturbance.Prepare();
        var (fromSource, fromTarget) = (scene.SourceLine.Passed, scene.TargetLine.Passed);
        CliResult ended;
        bool inTime;
        await using (var cli = Cli.Start(scene.Arguments, scene.Environment, scene.Root))
        {
            disturbance.Arm(cli);
            ended = await cli.EndAsync(TimeSpan.FromMinutes(6));
            inTime = disturbance.Disarm();
        }
        (fromSource, fromTarget) = (scene.SourceLine.Passed - fromSource, scene.TargetLine.Passed - fromTarget);
        // Before the next run clears it: the servers let go of what a dead one held by themselves.
        if (soak.Fault is not (SoakFault.Crash or SoakFault.Down or SoakFault.Stall))
            await NobodyIsHeldAsync();
        await disturbance.UndoAsync();
        await NobodyIsHeldAsync();
        if (afterwards is not null)
            await afterwards(scene);
        var slack = beside.Slack;
        await beside.DisposeAsync();
        var worst = beside.Look(_problems, Math.Max(0, disturbance.LockWait));

        var result = new SoakResult(soak)
        {
            Happened = inTime, ExitCode = ended.ExitCode, FromSource = fromSource, FromTarget = fromTarget,
            Worst = Math.Max(worst, disturbance.LockWait), Slack = slack,
        };
        result = await LookAtTargetAsync(LookAtWords(result, ended));
        await LookAtNextRunAsync();
        await LookAtSourceAsync();
        await LookAtLeftoversAsync();
        return result with { Problems = _problems, Printed = _problems.Count == 0 ? "" : ended.All };
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
        if (told is null || !told.Value.TryGetProperty("Outcome", out var outcome))
        {
            // A signal can come before the program has begun to listen for it.
            if (!isKilled && ended.ExitCode is not (0 or 6 or 130 or 143) && string.IsNullOrWhiteSpace(ended.Errors))
                _problems.Add($"exit code {ended.ExitCode}, and nothing is said");
            return result;
        }
        var word = outcome.GetString()!;
        string? message = null;
        if (told.Value.TryGetProperty("Error", out var error) && error.ValueKind == JsonValueKind.Object)
            message = string.Join(" | ", new[] { "Message", "Rollback" }.Select(n => error.GetProperty(n).GetString()).OfType<string>());
        var code = word switch { "Succeeded" => 0, "RolledBack" => 3, "RollbackFailed" => 4, "Skipped" => 5, "Cancelled" => 130, _ => 1 };
        if (!isKilled && code != ended.ExitCode)
            _problems.Add($"it says {word} and ends with {ended.ExitCode}");
        if (word != "Succeeded" && word != "Incomplete" && (string.IsNullOrWhiteSpace(message) || message.Contains('\n')))
            _problems.Add($"{word} without a sentence: {message}");
        if (word == "Skipped")
            _problems.Add($"skipped, and nobody else runs: {message}");
        if (soak.IsSync && soak.Fault is not (SoakFault.FolderRenamed or SoakFault.DiskFull))
            LookAtHistory(told.Value.GetProperty("RunId").GetString()!, word);
        return result with { Outcome = word, Message = message };
    }

    void LookAtHistory(string run, string outcome)
    {
        var folder = Path.Join(_scene.Backups, "soak");
        var history = Directory.Exists(folder) ? Directory.GetFiles(folder, "history-*.jsonl").Max(StringComparer.Ordinal) : null;
        var last = history is null ? null : File.ReadLines(history).LastOrDefault();
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
        do
        {
            await using var cli = Cli.Start(_scene.Arguments, _scene.Environment, _scene.Root);
            _next = await cli.EndAsync(TimeSpan.FromMinutes(6));
        }
        while (_next.ExitCode == 5 && watch.Elapsed < TimeSpan.FromMinutes(1));
        var next = _next;
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
                _problems.Add($"after the next run {SoakContent.Beside} has {string.Join(", ", numbers)}, and on the source "
                    + $"{string.Join(", ", wanted)}");
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
        if (await TestDatabase.ScalarAsync<bool>(
            _scene.Source.AsSuperuser,
            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'backupsync')"))
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
                _problems.Add($"on the {side} is left: {left}; the next run said: {_next?.All}");
        }
        if (Directory.GetFiles(_scene.Root, "*.partial", SearchOption.AllDirectories) is { Length: > 0 } partial)
            _problems.Add($"unfinished files are left: {string.Join(", ", partial.Select(Path.GetFileName))}");
        if (Directory.GetFileSystemEntries(_scene.Temporary).Select(Path.GetFileName).Where(f => !IsOfTheRuntime(f!))
            .ToList() is { Count: > 0 } temporary)
            _problems.Add($"temporary files are left: {string.Join(", ", temporary)}");
        if (await ProcessesAsync() is { Count: > 0 } processes)
            _problems.Add($"processes are left: {string.Join(", ", processes)}");
        foreach (var file in Directory.GetFiles(_scene.Root, "*", SearchOption.AllDirectories)
            .Where(f => HasEnding(f, ".json", ".jsonl", ".log")))
            SoakRunner.LookAtWords(Path.GetFileName(file), await File.ReadAllTextAsync(file), _problems);
    }

    /// <summary>.NET makes these before the program has its first word, and who ends it in that moment leaves them.</summary>
    bool IsOfTheRuntime(string file) => soak.Fault is SoakFault.Kill or SoakFault.KillAll or SoakFault.Terminate or SoakFault.Interrupt
        && (file.StartsWith("dotnet-diagnostic-", StringComparison.Ordinal)
            || file.StartsWith("clr-debug-pipe-", StringComparison.Ordinal));

    /// <summary>Those that are there after ten seconds still.</summary>
    async Task<List<string>> ProcessesAsync()
    {
        if (!OperatingSystem.IsLinux())
            return [];
        var watch = Stopwatch.StartNew();
        List<string> found;
        while ((found = Find()).Count > 0 && watch.Elapsed < TimeSpan.FromSeconds(10))
            await Task.Delay(100);
        return found;

        List<string> Find() => [.. Directory.GetDirectories("/proc").Where(IsOurs).Select(p => Text(p, "cmdline").Replace('\0', ' '))];

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
