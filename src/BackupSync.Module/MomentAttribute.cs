using System.Management.Automation;
using BackupSync.Application;

namespace BackupSync.Module;

/// <summary>
/// A moment that is typed is read as the command line reads it: left to itself, PowerShell takes 01/02/2024 for a day, and what has no
/// offset for local time. What is a DateTime or DateTimeOffset already stays what it is.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MomentAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is not string text ? inputData
        : Moments.Read(text) is { } moment ? moment
        : throw new ArgumentTransformationMetadataException(Moments.Refusal(text));
}
