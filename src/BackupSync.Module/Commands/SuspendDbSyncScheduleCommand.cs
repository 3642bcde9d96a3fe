using System.Management.Automation;
using BackupSync.Configuration;
using BackupSync.Scheduling;

namespace BackupSync.Module.Commands;

/// <summary>Leaves out what comes due, until the pause ends.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "DbSyncSchedule", DefaultParameterSetName = ByTime, SupportsShouldProcess = true)]
[OutputType(typeof(ScheduleEntry))]
public sealed class SuspendDbSyncScheduleCommand : ScheduleCmdlet
{
    const string ByTime = "For";
    const string ByMoment = "Until";

    /// <summary>How long; until it is resumed where nothing is said.</summary>
    [Parameter(ParameterSetName = ByTime)]
    [Duration]
    public TimeSpan? For { get; set; }

    [Parameter(ParameterSetName = ByMoment, Mandatory = true)]
    [Moment]
    public DateTimeOffset? Until { get; set; }

    /// <summary>Why; shown wherever the schedule is.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Because { get; set; }

    protected override void Finish(BackupSyncConfig config, IReadOnlyList<string> names)
    {
        var chosen = Schedules.Read(config, names, TimeProvider.System, WriteWarning).Select(e => e.Name)
            .Where(n => ShouldProcess(n, "Pause the schedule")).ToList();
        var end = For is { } time ? TimeProvider.System.GetUtcNow() + time : Until;
        if (chosen.Count > 0)
            Write(Schedules.Pause(config, chosen, end, Because, TimeProvider.System, WriteWarning));
    }
}
