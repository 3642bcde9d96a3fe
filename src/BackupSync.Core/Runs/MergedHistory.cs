namespace BackupSync.Runs;

/// <summary>Several histories as one.</summary>
static class MergedHistory
{
    /// <summary>
    /// Newest first over all, by the end of each run, as a history has them. Of each history no more is read than it takes to tell whose
    /// turn is next. A run that stands in several is there once. One that cannot be read is told, and the others go on.
    /// </summary>
    /// <param name="histories">Each newest first.</param>
    /// <exception cref="BackupSyncException">While it is read: the only history, or all of them, cannot be read.</exception>
    public static IEnumerable<RunResult> Read(IReadOnlyList<IEnumerable<RunResult>> histories, Action<string> warn) =>
        Merge(histories, warn).DistinctBy(r => r.RunId);

    static IEnumerable<RunResult> Merge(IReadOnlyList<IEnumerable<RunResult>> histories, Action<string> warn)
    {
        var open = new List<IEnumerator<RunResult>>();
        var next = new PriorityQueue<IEnumerator<RunResult>, DateTimeOffset>(Comparer<DateTimeOffset>.Create((a, b) => b.CompareTo(a)));
        BackupSyncException? failure = null;
        var isEmpty = true;
        try
        {
            foreach (var history in histories)
            {
                open.Add(history.GetEnumerator());
                Read(open[^1]);
            }
            while (next.TryDequeue(out var newest, out _))
            {
                isEmpty = false;
                yield return newest.Current;
                Read(newest);
            }
        }
        finally
        {
            foreach (var history in open)
                history.Dispose();
        }
        if (isEmpty && failure is not null)
            throw failure;

        void Read(IEnumerator<RunResult> history)
        {
            try
            {
                if (history.MoveNext())
                    next.Enqueue(history, history.Current.EndTime);
            }
            catch (BackupSyncException e) when (histories.Count > 1)
            {
                failure ??= e;
                warn(e.Message);
            }
        }
    }
}
