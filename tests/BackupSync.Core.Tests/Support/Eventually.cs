namespace BackupSync.Tests;

/// <summary>Waits for what comes about in its own time.</summary>
static class Eventually
{
    public static Task IsTrueAsync(Func<bool> condition, string what, double seconds = 10, int pause = 50) =>
        IsTrueAsync(() => Task.FromResult(condition()), what, seconds, pause);

    /// <param name="pause">Between two looks, in milliseconds.</param>
    public static Task IsTrueAsync(Func<Task<bool>> condition, string what, double seconds = 10, int pause = 50) =>
        IsTrueAsync(condition, what, () => Task.FromResult(""), seconds, pause);

    /// <param name="there">What is seen instead, for the message.</param>
    public static async Task IsTrueAsync(
        Func<Task<bool>> condition, string what, Func<Task<string>> there, double seconds = 10, int pause = 50)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await condition())
        {
            if (limit.IsCancellationRequested)
                Assert.Fail($"Not after {seconds} s: {what}. {await there()}".TrimEnd());
            await Task.Delay(pause, CancellationToken.None);
        }
    }
}
