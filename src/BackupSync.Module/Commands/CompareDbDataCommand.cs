using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using BackupSync.Application;
using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;

namespace BackupSync.Module.Commands;

/// <summary>Tells whether two databases hold the same, and in what they differ. That they do is an answer, not an error.</summary>
[Cmdlet(VerbsData.Compare, "DbData", DefaultParameterSetName = ByName)]
[OutputType(typeof(ComparedItem), typeof(RowDifference), typeof(bool))]
public sealed class CompareDbDataCommand : BackupSyncCmdlet
{
    const string ByName = "Database";
    const string ByJob = "Job";
    const string ByObject = "InputObject";

    /// <summary>Rows told ahead of whoever takes them; then reading waits.</summary>
    const int RowsAhead = 1000;

    static readonly TimeSpan BeforeProgress = TimeSpan.FromSeconds(1);

    /// <summary>Names of the configuration, or URLs. Not mandatory: the only job of a configuration needs no name.</summary>
    [Parameter(ParameterSetName = ByName, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    [GivenDatabase, AllowNull]
    public GivenDatabase? Source { get; set; }

    [Parameter(ParameterSetName = ByName, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(DatabaseNameCompleter))]
    [GivenDatabase, AllowNull]
    public GivenDatabase? Target { get; set; }

    /// <summary>Who signs in to the source, whatever its URL says.</summary>
    [Parameter(ParameterSetName = ByName)]
    [Credential]
    public PSCredential? SourceCredential { get; set; }

    /// <summary>Who signs in to the target, likewise.</summary>
    [Parameter(ParameterSetName = ByName)]
    [Credential]
    public PSCredential? TargetCredential { get; set; }

    /// <summary>Jobs whose sources and targets are compared.</summary>
    [Parameter(ParameterSetName = ByJob, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    public string[] Job { get; set; } = [];

    [Parameter(ParameterSetName = ByObject, Mandatory = true, ValueFromPipeline = true)]
    public JobConfig InputObject { get; set; } = null!;

    /// <summary>Only the tables that match.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupTableCompleter))]
    public string[]? Table { get; set; }

    /// <summary>Each row that differs, as it is found.</summary>
    [Parameter]
    public SwitchParameter Detail { get; set; }

    /// <summary>Owners and grants, too.</summary>
    [Parameter]
    public SwitchParameter Rights { get; set; }

    /// <summary>Only whether they are equal.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Sessions on each side.</summary>
    [Parameter]
    [ValidateRange(OptionRanges.LeastParallel, OptionRanges.MostParallel)]
    public int Parallel { get; set; } = OptionRanges.Parallel;

    /// <summary>For connecting.</summary>
    [Parameter]
    [ValidateRange(OptionRanges.LeastTimeout, OptionRanges.MostTimeout)]
    public int TimeoutSeconds { get; set; } = OptionRanges.Timeout;

    /// <summary>For each comparison.</summary>
    [Parameter]
    [ValidateRange(OptionRanges.LeastMinutes, OptionRanges.MostMinutes)]
    public int LimitMinutes { get; set; } = OptionRanges.Minutes;

    [Parameter(ParameterSetName = ByName)]
    [Parameter(ParameterSetName = ByJob)]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    protected override void Execute()
    {
        if (OptionRules.Comparison(Quiet, Detail) is { } refusal)
            throw new BackupSyncException(ErrorIds.ConfigurationInvalid, refusal);
        var options = new ComparisonOptions
        {
            Tables = Table ?? [],
            Detail = Detail,
            Rights = Rights,
            Parallel = Parallel,
            ConnectLimit = TimeSpan.FromSeconds(TimeoutSeconds),
            Limit = TimeSpan.FromMinutes(LimitMinutes),
        };
        var pairs = Pairs();
        // Here, for what has to be asked for is asked for on this thread.
        _ = pairs.Select(p => (p.Source.Address, p.Target.Address)).ToList();
        foreach (var (source, target) in pairs)
            Write(Compare(source, target, options), options.Detail);
    }

    /// <summary>All of them before any is read, so that a mistyped name is told at once.</summary>
    IReadOnlyList<(DatabaseConfig Source, DatabaseConfig Target)> Pairs() => ParameterSetName switch
    {
        ByObject => [ComparedPair.Of(InputObject)],
        ByJob => [.. Selection.Jobs(LoadConfig(Config), Job).Select(ComparedPair.Of)],
        _ => [ComparedPair.Of(Given(nameof(Source), Source, SourceCredential), Given(nameof(Target), Target, TargetCredential),
            () => LoadConfig(Config))],
    };

    /// <summary>Null where it was not given; empty where its variable was not set.</summary>
    GivenDatabase? Given(string parameter, GivenDatabase? value, PSCredential? credential) =>
        MyInvocation.BoundParameters.ContainsKey(parameter) ? (value ?? new GivenDatabase("")).With(credential) : null;

    void Write(ComparisonResult result, bool isDetailed)
    {
        WriteVerbose(result.Summary);
        foreach (var note in result.Notes)
            WriteWarning(note);
        if (Quiet)
            WriteObject(result.IsEqual);
        else if (!isDetailed)
            WriteObject(result.Items, enumerateCollection: true);
        else
            foreach (var difference in result.BesideRows)
                WriteWarning(difference);
    }

    /// <summary>
    /// Compares on the thread pool, and writes on the pipeline's thread what comes. Returns only when no session is left.
    /// </summary>
    ComparisonResult Compare(DatabaseConfig source, DatabaseConfig target, ComparisonOptions options)
    {
        using var told = new BlockingCollection<object>(RowsAhead);
        var comparing = Task.Run(
            async () =>
            {
                try
                {
                    // A row waits until there is room; progress that nobody has time for is left out.
                    return await ComparisonRunner.RunAsync(
                        source, target, options, p => told.TryAdd(p), row => told.Add(row, Stopped), Stopped);
                }
                finally
                {
                    told.CompleteAdding();
                }
            },
            CancellationToken.None);

        var progress = new ProgressRecord(1, $"{source.Name} and {target.Name}", "Comparing");
        var shown = false;
        try
        {
            Show(told, progress);
            shown = true;
        }
        finally
        {
            // Left early only by an exception: the pipeline was stopped, or wants no more rows.
            if (!shown)
                Stop();
            ((IAsyncResult)comparing).AsyncWaitHandle.WaitOne();
        }
        return comparing.GetAwaiter().GetResult();
    }

    void Show(BlockingCollection<object> told, ProgressRecord progress)
    {
        var clock = Stopwatch.StartNew();
        var isVisible = false;
        try
        {
            foreach (var item in told.GetConsumingEnumerable(CancellationToken.None))
            {
                if (item is RowDifference row)
                {
                    WriteObject(row);
                }
                else if (item is ComparisonProgress now && clock.Elapsed > BeforeProgress)
                {
                    progress.PercentComplete = Math.Clamp((int)(100 * now.Fraction), 0, 99);
                    progress.StatusDescription = string.Create(
                        CultureInfo.InvariantCulture,
                        $"{now.Item}  {now.Rows:N0} rows  {ByteSizes.Show(now.Bytes)}");
                    WriteProgress(progress);
                    isVisible = true;
                }
            }
        }
        finally
        {
            // Records that are written to a stopping pipeline throw; such a pipeline's progress is cleared by the host.
            progress.RecordType = ProgressRecordType.Completed;
            if (isVisible && !Stopping)
                WriteProgress(progress);
        }
    }
}
