using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;
using BackupSync.Scheduling;

namespace BackupSync.Module.Commands;

/// <summary>Tells when jobs and plans ran and run next, and what is paused.</summary>
[Cmdlet(VerbsCommon.Get, "DbSyncSchedule")]
[OutputType(typeof(ScheduleEntry), typeof(ScheduleTime))]
public sealed class GetDbSyncScheduleCommand : ScheduleCmdlet
{
    /// <summary>Lists as many of the next times one by one, with what a change of the clock does to them.</summary>
    [Parameter]
    [ValidateRange(OptionRanges.LeastScheduleTimes, OptionRanges.MostScheduleTimes)]
    public int? Explain { get; set; }

    protected override void Finish(BackupSyncConfig config, IReadOnlyList<string> names)
    {
        if (Explain is { } count)
            WriteObject(Schedules.Explain(config, names, count, TimeProvider.System), enumerateCollection: true);
        else
            Write(Schedules.Read(config, names, TimeProvider.System, WriteWarning));
    }
}
