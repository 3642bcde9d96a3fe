using BackupSync.Comparison;
using BackupSync.Verification;

namespace BackupSync.Operations.Incremental;

/// <summary>Changes of a table whose rows no key tells apart: where the two sides are not the same, all of its rows are read.</summary>
sealed class WholeChangeSource(TableColumns table, FingerprintMethod method) : IChangeSource
{
    public async Task<FoundChanges> FindAsync(ComparingLane lane, ChangeStager stager, CancellationToken cancellationToken)
    {
        var (there, here) = await BothSides.RunAsync(
            async ct => await FingerprintReader.ReadTableAsync((await lane.SourceAsync(ct)).Session, table, method, ct),
            async ct => await FingerprintReader.ReadTableAsync(await lane.TargetAsync(ct), table, method, ct), cancellationToken);
        var isSame = there.Rows == here.Rows && there.Hash == here.Hash;
        if (!isSame)
            await stager.TakeAllAsync(cancellationToken);
        return new FoundChanges(there.Rows, here.Rows, isSame ? there.Rows : 0, Received: 0) { Whole = there };
    }
}
