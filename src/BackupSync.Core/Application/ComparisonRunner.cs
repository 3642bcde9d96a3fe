using BackupSync.Comparison;
using BackupSync.Configuration;
using BackupSync.Operations.Compare;

namespace BackupSync.Application;

/// <summary>Compares databases: what both heads call.</summary>
public static class ComparisonRunner
{
    /// <inheritdoc cref="DataComparison.RunAsync"/>
    public static Task<ComparisonResult> RunAsync(
        DatabaseConfig source, DatabaseConfig target, ComparisonOptions options, Action<ComparisonProgress>? onProgress,
        Action<RowDifference>? onRow, CancellationToken cancellationToken) =>
        DataComparison.RunAsync(Requests.Endpoint(source), Requests.Endpoint(target), options, onProgress, onRow, cancellationToken);
}
