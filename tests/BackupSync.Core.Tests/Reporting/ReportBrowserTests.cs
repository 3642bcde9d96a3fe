namespace BackupSync.Tests.Reporting;

/// <summary>The page as a browser shows it.</summary>
public sealed class ReportBrowserTests
{
    [SkippableTheory]
    [InlineData(360)]
    [InlineData(800)]
    [InlineData(1400)]
    public async Task The_page_fits_asks_for_nothing_and_has_nothing_to_complain_of(int width)
    {
        Skip.If(Browser.Program is null, "There is no Chromium on this machine (Debian: apt install chromium).");
        using var scene = new ReportScene().Fill();
        var file = Path.Join(scene.Folder, "report.html");
        await File.WriteAllTextAsync(file, await scene.PageAsync());
        await using var browser = await Browser.StartAsync();

        foreach (var dark in new[] { false, true })
        {
            await browser.OpenAsync(file, width, dark);

            Assert.Equal(width, (int)(await browser.EvaluateAsync("document.documentElement.scrollWidth"))!);
            Assert.Equal("", (string?)await browser.EvaluateAsync(
                $"[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > {width} + 0.5)"
                    + ".map(e => e.tagName + '.' + e.getAttribute('class')).join(' ')"));
            if (Environment.GetEnvironmentVariable("BACKUPSYNC_WRITE_PICTURES") is { Length: > 0 } folder)
                await File.WriteAllBytesAsync(
                    Path.Join(folder, $"report-{width}{(dark ? "-dark" : "")}.png"), await browser.PictureAsync(width));
        }
        Assert.Empty(browser.Complaints);
        Assert.All(browser.Requests, r => Assert.StartsWith("file:///", r, StringComparison.Ordinal));
        Assert.Equal(2, browser.Requests.Count);
    }
}
