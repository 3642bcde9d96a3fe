using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Configuration;

namespace BackupSync.Module.Commands;

/// <summary>Tells whether databases can be reached, and what they are.</summary>
[Cmdlet(VerbsDiagnostic.Test, "DbConnection", DefaultParameterSetName = ByName)]
[OutputType(typeof(ConnectionTestResult), typeof(bool))]
public sealed class TestDbConnectionCommand : BackupSyncCmdlet
{
    const string ByName = "Database";
    const string ByObject = "InputObject";
    const string ByUrl = "Url";

    /// <summary>Which databases; all of the configuration where none is named.</summary>
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    public string[]? Database { get; set; }

    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true)]
    public DatabaseConfig InputObject { get; set; } = null!;

    [Parameter(ParameterSetName = ByUrl, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [GivenDatabase, AllowNull]
    public GivenDatabase?[]? Url { get; set; }

    /// <summary>Who signs in, whatever the URL says.</summary>
    [Parameter(ParameterSetName = ByUrl)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Only whether each can be reached.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>In seconds, for each database; a suspended Neon compute takes some to wake.</summary>
    [Parameter]
    [ValidateRange(OptionRanges.LeastTimeout, OptionRanges.MostTimeout)]
    public int TimeoutSeconds { get; set; } = OptionRanges.Timeout;

    [Parameter(ParameterSetName = ByName)]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        var limit = TimeSpan.FromSeconds(TimeoutSeconds);
        var databases = Databases();

        // All at once: a night's check of ten databases must not wait for each that is down.
        foreach (var result in Await(token => Task.WhenAll(databases.Select(d => ConnectionTest.RunAsync(d, limit, token)))))
            Write(result);
    }

    IReadOnlyList<DatabaseConfig> Databases()
    {
        switch (ParameterSetName)
        {
            case ByUrl:
                return [.. (Url ?? [null]).Select(u => AdHocJob.Database((u ?? new("")).With(Credential)))];
            case ByObject:
                return [InputObject];
            default:
                return Selection.Databases(LoadConfig(Config), Database);
        }
    }

    void Write(ConnectionTestResult result)
    {
        foreach (var warning in result.Warnings)
            WriteWarning(warning);
        if (Quiet)
        {
            WriteObject(result.State == ConnectionState.Connected);
            return;
        }
        WriteObject(result);
        if (result.Error is { } error)
            WriteError(ErrorRecords.From(error, result.Name));
    }
}
