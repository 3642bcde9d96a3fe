using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("BackupSync.Tests.TestRun", "BackupSync.Core.Tests")]

namespace BackupSync.Tests;

/// <summary>
/// Tidies up after the last test. A handler of the process's exit would be too late: the runner kills a process that takes its time
/// there.
/// </summary>
public sealed class TestRun(IMessageSink messages) : XunitTestFramework(messages)
{
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new Executor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);

    sealed class Executor(AssemblyName name, ISourceInformationProvider sources, IMessageSink diagnostics)
        : XunitTestFrameworkExecutor(name, sources, diagnostics)
    {
        // The base class's method is of this form, too: xunit waits for the runner's last message, not for its return.
        protected override async void RunTestCases(
            IEnumerable<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions)
        {
            using var runner = new Runner(TestAssembly, testCases, DiagnosticMessageSink, executionMessageSink, executionOptions);
            await runner.RunAsync();
        }
    }

    sealed class Runner(
        ITestAssembly assembly, IEnumerable<IXunitTestCase> cases, IMessageSink diagnostics, IMessageSink sink,
        ITestFrameworkExecutionOptions options)
        : XunitTestAssemblyRunner(assembly, cases, diagnostics, sink, options)
    {
        // The base class has one of its own, in the method that is overridden here.
        readonly SemaphoreSlim _atOnce = new(Math.Max(1, options.MaxParallelThreadsOrDefault()));

        protected override async Task<RunSummary> RunTestCollectionAsync(
            IMessageBus messageBus, ITestCollection testCollection, IEnumerable<IXunitTestCase> testCases,
            CancellationTokenSource cancellationTokenSource)
        {
            await _atOnce.WaitAsync(cancellationTokenSource.Token);
            try
            {
                return await new TestDeadline.CollectionRunner(
                    testCollection, testCases, DiagnosticMessageSink, messageBus, TestCaseOrderer, new ExceptionAggregator(Aggregator),
                    cancellationTokenSource).RunAsync();
            }
            finally
            {
                _atOnce.Release();
            }
        }

        protected override async Task BeforeTestAssemblyFinishedAsync()
        {
            await VersionedServers.StopAsync();
            await base.BeforeTestAssemblyFinishedAsync();
        }
    }
}
