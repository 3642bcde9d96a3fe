using System.Management.Automation;
using BackupSync.Configuration;
using BackupSync.Scheduling;

namespace BackupSync.Module.Commands;

/// <summary>Ends the pause of schedules.</summary>
[Cmdlet(VerbsLifecycle.Resume, "DbSyncSchedule", SupportsShouldProcess = true)]
[OutputType(typeof(ScheduleEntry))]
public sealed class ResumeDbSyncScheduleCommand : ScheduleCmdlet
{
    protected override void Finish(BackupSyncConfig config, IReadOnlyList<string> names)
    {
        var chosen = Schedules.Read(config, names, TimeProvider.System, WriteWarning).Select(e => e.Name)
            .Where(n => ShouldProcess(n, "Resume the schedule")).ToList();
        if (chosen.Count > 0)
            Write(Schedules.Resume(config, chosen, TimeProvider.System, WriteWarning));
    }
}
