using BackupSync.Runs;

namespace BackupSync.Tests.Runs;

/// <summary>An operation that does what a test says, and finds nothing out.</summary>
sealed class TestOperation(IReadOnlyList<Step> steps, Func<CancellationToken, Task> work) : IOperation
{
    public IReadOnlyList<Step> Steps => steps;
    public RunFindings Findings { get; } = new NoFindings();

    public Task RunAsync(CancellationToken cancellationToken) => work(cancellationToken);

    sealed class NoFindings : RunFindings
    {
        public override RunResult AddTo(RunResult result) => result;
    }
}
