using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BackupSync.Tests;

/// <summary>Chromium without a screen, told what to do by its DevTools protocol, as it was packaged for this machine.</summary>
sealed class Browser : IAsyncDisposable
{
    static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

    readonly Process _process;
    readonly TempFolder _profile;
    readonly ClientWebSocket _socket = new();
    readonly List<JsonObject> _events = [];
    string? _session;
    int _lastId;

    Browser(Process process, TempFolder profile) => (_process, _profile) = (process, profile);

    /// <summary>Null where there is none.</summary>
    public static string? Program { get; } = Names
        .SelectMany(n => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(p => Path.Join(p, n)))
        .FirstOrDefault(File.Exists);

    /// <summary>Errors of the page and its console, in its own words.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>What pages have asked for.</summary>
    public List<string> Requests { get; } = [];

    public static async Task<Browser> StartAsync()
    {
        var profile = new TempFolder();
        var info = new ProcessStartInfo(Program!)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                "--force-color-profile=srgb", "--no-first-run", "--remote-debugging-port=0",
                $"--user-data-dir={profile.Path}", "about:blank",
            },
        };
        var browser = new Browser(Process.Start(info)!, profile);
        _ = browser._process.StandardOutput.ReadToEndAsync();
        const string listening = "DevTools listening on ";
        while (await browser._process.StandardError.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith(listening, StringComparison.Ordinal))
                continue;
            _ = browser._process.StandardError.ReadToEndAsync();
            await browser._socket.ConnectAsync(new Uri(line[listening.Length..]), default);
            await browser.OpenTabAsync();
            return browser;
        }
        throw new InvalidOperationException("The browser has ended.");
    }

    async Task OpenTabAsync()
    {
        var target = await SendAsync("Target.createTarget", new { url = "about:blank" });
        var attached = await SendAsync("Target.attachToTarget", new { targetId = target["targetId"]!.ToString(), flatten = true });
        _session = attached["sessionId"]!.ToString();
        foreach (var domain in new[] { "Page", "Runtime", "Log", "Network" })
            await SendAsync($"{domain}.enable", new { });
    }

    /// <summary>Opens a file in a window of a width, in CSS pixels, in light or dark.</summary>
    public async Task OpenAsync(string file, int width, bool dark)
    {
        await SendAsync("Emulation.setDeviceMetricsOverride",
            new { width, height = 900, deviceScaleFactor = 1, mobile = width < 500 });
        await SendAsync("Emulation.setEmulatedMedia",
            new { features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" } } });
        _events.Clear();
        await SendAsync("Page.navigate", new { url = new Uri(file).AbsoluteUri });
        while (!_events.Exists(e => e["method"]!.ToString() == "Page.loadEventFired"))
            await ReceiveAsync();
    }

    /// <summary>What an expression gives, as JSON.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        var answer = await SendAsync("Runtime.evaluate", new { expression, returnByValue = true });
        return answer["result"]!["value"];
    }

    /// <summary>The page as PNG, down to a height.</summary>
    public async Task<byte[]> PictureAsync(int width, int? height = null, double scale = 1)
    {
        height ??= (int)(await EvaluateAsync("document.documentElement.scrollHeight"))!;
        var answer = await SendAsync("Page.captureScreenshot", new
        {
            format = "png", captureBeyondViewport = true, clip = new { x = 0, y = 0, width, height, scale },
        });
        return Convert.FromBase64String(answer["data"]!.ToString());
    }

    async Task<JsonObject> SendAsync(string method, object parameters)
    {
        var id = ++_lastId;
        var message = JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters, sessionId = _session },
            new JsonSerializerOptions { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull });
        await _socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, default);
        while (true)
        {
            if (await ReceiveAsync() is not { } answer || (int?)answer["id"] != id)
                continue;
            return answer["result"] as JsonObject ?? throw new InvalidOperationException($"{method}: {answer["error"]}");
        }
    }

    async Task<JsonObject> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var message = new MemoryStream();
        var part = new byte[65536];
        WebSocketReceiveResult received;
        do
        {
            received = await _socket.ReceiveAsync(part, limit.Token);
            message.Write(part, 0, received.Count);
        }
        while (!received.EndOfMessage);
        var parsed = JsonNode.Parse(message.ToArray())!.AsObject();
        if (parsed["method"]?.ToString() is { } method)
            Note(method, parsed);
        return parsed;
    }

    void Note(string method, JsonObject told)
    {
        _events.Add(told);
        switch (method)
        {
            case "Network.requestWillBeSent":
                Requests.Add(told["params"]!["request"]!["url"]!.ToString());
                break;
            case "Log.entryAdded" or "Runtime.exceptionThrown" or "Runtime.consoleAPICalled":
                Complaints.Add(told["params"]!.ToJsonString());
                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        // Its helpers may write for a moment longer.
        await Eventually.IsTrueAsync(() =>
        {
            try
            {
                _profile.Dispose();
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }, "the browser's profile is gone");
    }
}
