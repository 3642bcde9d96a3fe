using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Backups;
using BackupSync.Runs;

namespace BackupSync.Module.Commands;

/// <summary>Copies backups to another place, and verifies them there.</summary>
[Cmdlet(VerbsCommon.Copy, "DbBackup", DefaultParameterSetName = ByName, SupportsShouldProcess = true)]
[OutputType(typeof(RunResult))]
public sealed class CopyDbBackupCommand : TaggedBackupsCmdlet
{
    HashSet<BackupFile>? _there;
    bool _matched;

    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlaceNameCompleter))]
    public string To { get; set; } = "";

    private protected override bool MayFindNone => true;

    protected override void Execute()
    {
        var config = LoadConfig(Config);
        var to = config.Place(To);
        var backups = Backups(config);
        if (backups.Count == 0)
            return;
        _matched = true;
        _there ??= Await((warn, token) => BackupStore.HeldAsync(to, warn, token, encryption: config.Encryption));
        var asked = backups.Distinct(_there.Comparer).ToList();
        var missing = asked.Where(b => !_there.Contains(b)).ToList();
        if (asked.Count > missing.Count)
            Say(FoundBackups.ThereAlready(asked.Count - missing.Count, to));
        foreach (var backup in missing.Where(b => ShouldProcess(b.Path, $"Copy to {to.Name}")))
        {
            Run(async (observers, token) =>
            {
                var result = await BackupRunner.CopyAsync(Handle(backup, config), to, config, observers, token);
                if (result.Success)
                    _there.Add(backup);
                return result;
            });
        }
    }

    /// <summary>Who pipes the backups of a filter that nothing fits, or says -All where there are none, hears nothing else.</summary>
    protected override void Finish()
    {
        if (!_matched)
            WriteWarning(FoundBackups.NoneToCopy(To));
    }
}
