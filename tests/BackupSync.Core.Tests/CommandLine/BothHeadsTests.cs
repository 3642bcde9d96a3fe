using System.CommandLine;
using Entry = BackupSync.Cli.CommandLine;

namespace BackupSync.Tests.CommandLine;

/// <summary>
/// What one head has, the other has too: of each command and its cmdlet all options are compared, by name, kind, default and range.
/// What belongs to one head stands here with the reason; what stands here and is no longer so, fails as well.
/// </summary>
[Trait("Needs", "nothing")]
public sealed class BothHeadsTests
{
    /// <param name="Command">As it is typed, without the program's name.</param>
    /// <param name="Renamed">Options that are called otherwise, each as <c>option=Parameter</c>.</param>
    sealed record Pair(string Command, string Cmdlet, params string[] Renamed);

    /// <param name="Of">A command or a cmdlet; <c>*</c> for all.</param>
    sealed record OneHead(string Of, string Why, params string[] Options);

    const string ByPipeline = "Get-DbBackup chooses them, and they come by the pipeline";
    const string ReplacesNothing = "nothing is replaced or removed, so that a command does not ask, and has no plan to show";

    static readonly Pair[] Pairs =
    [
        new("init", "New-DbSyncConfig", "file=Path"),
        new("check", "Test-DbSyncConfig", "file=Config"),
        new("test", "Test-DbConnection", "timeout=TimeoutSeconds"),
        new("compare", "Compare-DbData", "timeout=TimeoutSeconds"),
        new("sync", "Invoke-DbSync", "yes=Confirm"),
        new("initialize", "Initialize-DbSecondary", "yes=Confirm"),
        new("backup", "New-DbBackup", "directory=Path"),
        new("plan", "Invoke-DbBackupPlan"),
        new("backups", "Get-DbBackup", "name=Database"),
        new("backups sign", "Set-DbBackupSignature", "yes=Confirm"),
        new("backups set", "Set-DbBackup"),
        new("backups remove", "Remove-DbBackup", "yes=Confirm"),
        new("verify", "Test-DbBackup"),
        new("drill", "Test-DbBackup"),
        new("restore", "Restore-DbBackup", "yes=Confirm"),
        new("restore-safety", "Restore-DbSafetyBackup", "file=Path", "yes=Confirm"),
        new("copy", "Copy-DbBackup"),
        new("export", "Export-DbArchive", "file=Path"),
        new("import", "Import-DbArchive", "file=Path", "yes=Confirm"),
        new("cleanup", "Remove-OldBackups"),
        new("history", "Get-DbSyncHistory"),
        new("status", "Get-DbStatus"),
        new("schedule", "Get-DbSyncSchedule"),
        new("schedule pause", "Suspend-DbSyncSchedule"),
        new("schedule resume", "Resume-DbSyncSchedule"),
        new("schedule export", "Export-DbSyncSchedule", "out=Path"),
        new("health", "Get-DbHealth"),
        new("report", "New-DbSyncReport", "out=Path"),
        new("alert list", "Get-DbAlert"),
        new("alert test", "Test-DbAlertChannel", "channel=Name"),
        new("alert acknowledge", "Confirm-DbAlert"),
    ];

    static readonly OneHead[] Alone =
    [
        new("alert", "is the group of the commands of alerts"),
        new("demo", "shows what a terminal shows"),
        new("help", "Get-Help is PowerShell's own"),
        new("serve", "a service is a process of its own, and PowerShell has no web server"),
        new("schedule run", "Invoke-DbSync and Invoke-DbBackupPlan are that"),
        new("Get-DbSyncConfig", "gives the configuration as objects, to pipe on; people read the file"),
    ];

    static readonly OneHead[] OptionsOfOneHead =
    [
        new("*", "cmdlets write objects", "json"),
        new("*", "objects come by the pipeline", "InputObject"),
        new("*", "PowerShell's own object; a command has passwordFile and urlCommand of a configuration",
            "Credential", "SourceCredential", "TargetCredential"),
        new("*", "a bare true or false, which a command tells by its exit code", "Quiet"),
        new("New-DbSyncConfig", ReplacesNothing, "WhatIf", "Confirm"),
        new("New-DbSyncReport", ReplacesNothing, "WhatIf", "Confirm"),
        new("New-DbBackup", ReplacesNothing, "WhatIf", "Confirm"),
        new("Invoke-DbBackupPlan", ReplacesNothing, "WhatIf", "Confirm"),
        new("Copy-DbBackup", ReplacesNothing, "WhatIf", "Confirm"),
        new("Export-DbArchive", ReplacesNothing, "WhatIf", "Confirm"),
        new("Set-DbBackup", ReplacesNothing, "WhatIf", "Confirm"),
        new("Suspend-DbSyncSchedule", ReplacesNothing, "WhatIf", "Confirm"),
        new("Resume-DbSyncSchedule", ReplacesNothing, "WhatIf", "Confirm"),
        new("Export-DbSyncSchedule", ReplacesNothing, "WhatIf", "Confirm"),
        new("Confirm-DbAlert", ReplacesNothing, "WhatIf", "Confirm"),
        new("Set-DbBackupSignature", "the command lists what it is about to sign before it asks", "WhatIf"),
        new("Remove-OldBackups", "the command asks nothing, for it runs by schedule; PowerShell has it with -WhatIf", "Confirm"),
        new("backups sign", ByPipeline, "database", "latest", "before", "tag", "all", "place", "job"),
        new("Test-DbBackup", "a drill is a command of its own", "Restore"),
        new("verify", "a drill is a command of its own", "On"),
    ];

    /// <summary>Several where the other head takes one, as <c>command option</c>.</summary>
    static readonly (string Option, string Why)[] OtherKinds =
    [
        ("compare job", "the exit code and the JSON of a comparison are of one"),
    ];

    public static TheoryData<string> Commands => [.. Pairs.Select(p => p.Command)];

    [Fact]
    public void Every_command_has_its_cmdlet_and_every_cmdlet_its_command()
    {
        var alone = Alone.Select(a => a.Of).ToList();

        Assert.Equal(
            AllCommands(Entry.Root(), "").Order(StringComparer.Ordinal),
            Pairs.Select(p => p.Command).Concat(alone.Where(a => char.IsLower(a[0]))).Order(StringComparer.Ordinal));
        Assert.Equal(
            HeadOption.AllCmdlets.Order(StringComparer.Ordinal),
            Pairs.Select(p => p.Cmdlet).Concat(alone.Where(a => char.IsUpper(a[0]))).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Options_are_the_same(string name)
    {
        var pair = Pairs.Single(p => p.Command == name);
        var commands = HeadOption.OfCommand(Command(name));
        var cmdlets = HeadOption.OfCmdlet(pair.Cmdlet);

        Assert.Empty(
            from option in commands.Keys
            where !cmdlets.ContainsKey(ParameterOf(pair, option)) && !IsOfOneHead(pair, option)
            select $"{pair.Cmdlet} has no {ParameterOf(pair, option)}");
        Assert.Empty(
            from parameter in cmdlets.Keys
            where commands.Keys.All(o => ParameterOf(pair, o) != parameter) && !IsOfOneHead(pair, parameter)
            select $"{name} has no option for -{parameter}");
        Assert.Empty(
            from option in commands.Values
            where cmdlets.ContainsKey(ParameterOf(pair, option.Name))
            let parameter = cmdlets[ParameterOf(pair, option.Name)]
            from difference in Differences(name, option, parameter)
            where !OtherKinds.Any(k => k.Option == $"{name} {option.Name}")
            select $"{name} {option.Name}: {difference}");
    }

    /// <summary>As docs/cli.md has it in a table: PowerShell asks of itself where the impact is high.</summary>
    [Theory]
    [MemberData(nameof(Commands))]
    public void Both_heads_ask_before_the_same(string name) => Assert.Equal(
        HeadOption.OfCommand(Command(name)).ContainsKey("yes"), HeadOption.HasHighImpact(Pairs.Single(p => p.Command == name).Cmdlet));

    [Fact]
    public void What_is_said_to_belong_to_one_head_does()
    {
        var used = new HashSet<string>();
        foreach (var pair in Pairs)
        {
            var options = HeadOption.OfCommand(Command(pair.Command)).Keys.ToList();
            var parameters = HeadOption.OfCmdlet(pair.Cmdlet).Keys.ToList();
            foreach (var lone in options.Where(o => !parameters.Contains(ParameterOf(pair, o)))
                .Concat(parameters.Where(p => options.All(o => ParameterOf(pair, o) != p))))
                used.UnionWith(OptionsOfOneHead.Where(o => Is(o, pair) && o.Options.Contains(lone)).Select(o => $"{o.Of} {lone}"));
            used.UnionWith(pair.Renamed.Where(r => options.Contains(r.Split('=')[0]) && parameters.Contains(r.Split('=')[1])));
            used.UnionWith(options.Select(o => $"{pair.Command} {o}"));
        }

        Assert.Empty(OptionsOfOneHead.SelectMany(o => o.Options.Select(option => $"{o.Of} {option}")).Except(used));
        Assert.Empty(Pairs.SelectMany(p => p.Renamed).Except(used));
        Assert.Empty(OtherKinds.Select(k => k.Option).Except(used));
    }

    static IEnumerable<string> Differences(string command, HeadOption option, HeadOption parameter)
    {
        if (option.Kind != parameter.Kind)
            yield return $"{option.Kind}, and {parameter.Kind}";
        if (option.Default != parameter.Default)
            yield return $"the default is {option.Default ?? "none"}, and {parameter.Default ?? "none"}";
        if (parameter is { Kind: "number", Limits.Count: 0 })
            yield return "the cmdlet states no range";
        foreach (var (value, isTaken) in parameter.Limits.Where(l => option.Takes(command, l.Value) != l.IsTaken))
            yield return $"the cmdlet {(isTaken ? "takes" : "refuses")} '{value}'";
    }

    static bool IsOfOneHead(Pair pair, string option) => OptionsOfOneHead.Any(o => Is(o, pair) && o.Options.Contains(option));

    static bool Is(OneHead one, Pair pair) => one.Of == "*" || one.Of == pair.Command || one.Of == pair.Cmdlet;

    /// <summary><c>keep-days</c> is KeepDays, unless it is renamed.</summary>
    static string ParameterOf(Pair pair, string option) =>
        pair.Renamed.FirstOrDefault(r => r.StartsWith($"{option}=", StringComparison.Ordinal))?.Split('=')[1]
        ?? string.Concat(option.Split('-').Select(w => char.ToUpperInvariant(w[0]) + w[1..]));

    static IEnumerable<string> AllCommands(Command command, string before) => command.Subcommands.SelectMany(
        c => AllCommands(c, $"{before}{c.Name} ").Prepend(before + c.Name));

    static Command Command(string name) =>
        name.Split(' ').Aggregate((Command)Entry.Root(), (command, word) => command.Subcommands.Single(c => c.Name == word));
}
