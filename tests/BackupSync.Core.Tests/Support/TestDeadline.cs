using System.Globalization;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestCollectionOrderer("BackupSync.Tests.TestDeadline", "BackupSync.Core.Tests")]

namespace BackupSync.Tests;

/// <summary>
/// After the moment that BACKUPSYNC_TEST_UNTIL gives, in seconds since 1970, no test is begun any more: the rest is skipped, and says so.
/// Machines differ by a factor of four, and a run that has a limit has to end with what it has found by then. Classes come in another
/// order each time, those that need no server first, so that none is always left out.
/// </summary>
public sealed class TestDeadline : ITestCollectionOrderer
{
    const string Variable = "BACKUPSYNC_TEST_UNTIL";

    static readonly DateTimeOffset? Until = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } seconds
        ? DateTimeOffset.FromUnixTimeSeconds(long.Parse(seconds, CultureInfo.InvariantCulture))
        : null;

    static bool IsOver => DateTimeOffset.UtcNow >= Until;

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections)
    {
        var collections = testCollections.ToArray();
        Random.Shared.Shuffle(collections);
        var quick = typeof(TestDeadline).Assembly.GetTypes().Where(t => !NeedsServer(t)).Select(t => t.FullName!)
            .ToHashSet(StringComparer.Ordinal);
        // "Test collection for BackupSync.Tests.UnitsTests (id: …)"
        return collections.OrderByDescending(c => c.DisplayName.Split(' ').Any(quick.Contains));
    }

    /// <summary>Servers are fixtures of a class, or asked for by its tests, which then wait for them.</summary>
    static bool NeedsServer(Type type) =>
        type.GetInterfaces().Any(i => i != typeof(IDisposable)) || type.GetMethods().Any(m => typeof(Task).IsAssignableFrom(m.ReturnType));

    static RunSummary Skip(IMessageBus bus, IEnumerable<IXunitTestCase> cases)
    {
        var summary = new RunSummary();
        foreach (var test in cases)
        {
            var one = new XunitTest(test, test.DisplayName);
            bus.QueueMessage(new TestCaseStarting(test));
            bus.QueueMessage(new TestStarting(one));
            bus.QueueMessage(new TestSkipped(one, $"Not begun: the time that {Variable} gives was over."));
            bus.QueueMessage(new TestFinished(one, 0, ""));
            bus.QueueMessage(new TestCaseFinished(test, 0, 1, 0, 1));
            summary.Aggregate(new RunSummary { Total = 1, Skipped = 1 });
        }
        return summary;
    }

    internal sealed class CollectionRunner(
        ITestCollection collection, IEnumerable<IXunitTestCase> cases, IMessageSink messages, IMessageBus bus, ITestCaseOrderer orderer,
        ExceptionAggregator aggregator,
        CancellationTokenSource stop)
        : XunitTestCollectionRunner(collection, cases, messages, bus, orderer, aggregator, stop)
    {
        // A class's servers would be started for nothing.
        protected override Task<RunSummary> RunTestClassAsync(
            ITestClass testClass,
            IReflectionTypeInfo @class,
            IEnumerable<IXunitTestCase> testCases) => IsOver
            ? Task.FromResult(Skip(MessageBus, testCases))
            : new ClassRunner(
                testClass, @class, testCases, DiagnosticMessageSink, MessageBus, TestCaseOrderer, new ExceptionAggregator(Aggregator),
                CancellationTokenSource, CollectionFixtureMappings).RunAsync();
    }

    sealed class ClassRunner(
        ITestClass type, IReflectionTypeInfo info, IEnumerable<IXunitTestCase> cases, IMessageSink messages, IMessageBus bus,
        ITestCaseOrderer orderer, ExceptionAggregator aggregator,
        CancellationTokenSource stop, IDictionary<Type, object> fixtures)
        : XunitTestClassRunner(type, info, cases, messages, bus, orderer, aggregator, stop, fixtures)
    {
        protected override Task<RunSummary> RunTestMethodAsync(
            ITestMethod testMethod, IReflectionMethodInfo method, IEnumerable<IXunitTestCase> testCases, object[] constructorArguments) =>
            new MethodRunner(
                testMethod, Class, method, testCases, DiagnosticMessageSink, MessageBus, new ExceptionAggregator(Aggregator),
                CancellationTokenSource, constructorArguments).RunAsync();
    }

    sealed class MethodRunner(
        ITestMethod test, IReflectionTypeInfo type, IReflectionMethodInfo method, IEnumerable<IXunitTestCase> cases,
        IMessageSink messages, IMessageBus bus, ExceptionAggregator aggregator,
        CancellationTokenSource stop, object[] arguments)
        : XunitTestMethodRunner(test, type, method, cases, messages, bus, aggregator, stop, arguments)
    {
        protected override Task<RunSummary> RunTestCaseAsync(IXunitTestCase testCase) =>
            IsOver ? Task.FromResult(Skip(MessageBus, [testCase])) : base.RunTestCaseAsync(testCase);
    }
}
