using System.Runtime.CompilerServices;

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
            // Charts beside each other begin at one height: no heading, and no moment above them, is broken in two lines.
            Assert.Equal("", (string?)await browser.EvaluateAsync(
                "[...document.querySelectorAll('figcaption, .stands td:last-child span')].filter(e => [...e.childNodes].some(n => {"
                    + " const r = document.createRange(); r.selectNodeContents(n);"
                    + " return n.nodeName !== 'SMALL' && new Set([...r.getClientRects()].map(l => Math.round(l.top / 6))).size > 1; }))"
                    + ".map(e => e.textContent).join('; ')"));
            if (Environment.GetEnvironmentVariable("BACKUPSYNC_WRITE_PICTURES") is { Length: > 0 } folder)
                await File.WriteAllBytesAsync(
                    Path.Join(folder, $"report-{width}{(dark ? "-dark" : "")}.png"), await browser.PictureAsync(width));
        }
        Assert.Empty(browser.Complaints);
        Assert.All(browser.Requests, r => Assert.StartsWith("file:///", r, StringComparison.Ordinal));
        Assert.Equal(2, browser.Requests.Count);
    }

    /// <summary>Made anew where BACKUPSYNC_WRITE_REFERENCE is set.</summary>
    [SkippableFact]
    public async Task The_documentation_has_a_picture_of_the_page()
    {
        const int width = 1120;
        var picture = Path.GetFullPath(Path.Combine(FolderOfThisFile(), "..", "..", "..", "docs", "images", "report.png"));
        if (Environment.GetEnvironmentVariable("BACKUPSYNC_WRITE_REFERENCE") == "1")
        {
            Skip.If(Browser.Program is null, "There is no Chromium on this machine (Debian: apt install chromium).");
            using var scene = new ReportScene().Fill().Mend();
            var file = Path.Join(scene.Folder, "report.html");
            await File.WriteAllTextAsync(file, await scene.PageAsync());
            await using var browser = await Browser.StartAsync();
            await browser.OpenAsync(file, width, dark: false);
            await File.WriteAllBytesAsync(picture, await browser.PictureAsync(width, height: 1660, scale: 0.75));
        }

        var bytes = await File.ReadAllBytesAsync(picture);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], bytes[..4]);
        Assert.InRange(bytes.Length, 10_000, 150_000);
    }

    static string FolderOfThisFile([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
