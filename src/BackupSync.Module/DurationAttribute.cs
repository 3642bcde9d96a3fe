using System.Management.Automation;
using BackupSync.Application;

namespace BackupSync.Module;

/// <summary>
/// A length of time that is typed is read as the command line and the configuration read it, such as <c>2h</c>, which PowerShell does not
/// know. What is a TimeSpan already stays what it is.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) switch
        {
            TimeSpan duration when duration > TimeSpan.Zero => duration,
            string text when Durations.TryParse(text, out var duration) && duration > TimeSpan.Zero => duration,
            // A number would be ticks.
            var other => throw new ArgumentTransformationMetadataException(Moments.RefusalOfDuration($"{other}")),
        };
}
