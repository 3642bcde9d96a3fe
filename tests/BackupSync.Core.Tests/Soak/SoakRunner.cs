using System.Diagnostics;

namespace BackupSync.Tests.Soak;

/// <summary>Runs one fault, and looks at all that has to hold afterwards.</summary>
public sealed class SoakRunner(SoakServers servers)
{
    /// <summary>Never in what is printed, in records and in logs.</summary>
    static readonly string[] Secrets = [TestDatabase.Password, Uri.EscapeDataString(TestDatabase.Password), SoakScene.Passphrase];

    static readonly string[] Crashes = ["   at BackupSync", "   at Npgsql", "   at System.", "Unhandled exception",
        "defect of BackupSync", "BackupSync.Unexpected"];

    /// <summary>Runs it; where it fails, smaller ones until none fails or the time is over.</summary>
    /// <returns>The first, and the smallest that fails as well.</returns>
    public async Task<(SoakResult First, SoakResult? Smallest)> RunAsync(SoakCase soak, TimeSpan shrinkLimit, Action<SoakResult> tell)
    {
        var first = await RunAsync(soak);
        tell(first);
        if (first.Problems.Count == 0)
            return (first, null);
        var (smallest, watch) = (first, Stopwatch.StartNew());
        var tried = new HashSet<SoakCase>();
        bool isSmaller;
        do
        {
            isSmaller = false;
            foreach (var smaller in smallest.Case.Smaller().Where(tried.Add))
            {
                if (watch.Elapsed > shrinkLimit)
                    return (first, smallest);
                var result = await RunAsync(smaller);
                tell(result);
                if (result.Problems.Count == 0)
                    continue;
                (smallest, isSmaller) = (result, true);
                break;
            }
        }
        while (isSmaller);
        return (first, smallest);
    }

    public async Task<SoakResult> RunAsync(SoakCase soak)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            var result = await new SoakAttempt(soak, servers).RunAsync();
            return result with { Seconds = watch.Elapsed.TotalSeconds };
        }
        catch (Exception failure) when (failure is not SkipException)
        {
            return new SoakResult(soak) { Problems = [$"the soak itself: {failure}"], Seconds = watch.Elapsed.TotalSeconds };
        }
    }

    internal static void LookAtWords(string where, string text, List<string> problems)
    {
        foreach (var secret in Secrets.Where(s => text.Contains(s, StringComparison.Ordinal)))
            problems.Add($"{where}: a secret is shown: {secret}");
        foreach (var crash in Crashes.Where(c => text.Contains(c, StringComparison.Ordinal)))
            problems.Add($"{where}: '{crash.Trim()}' is shown");
    }
}
