using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace BackupSync.Tests;

/// <param name="Path">With its query.</param>
sealed record ReceivedRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>Gets what is posted to it on loopback, and answers as the test says, or not at all.</summary>
sealed class HttpReceiver : LoopbackReceiver
{
    readonly ConcurrentQueue<ReceivedRequest> _received = new();

    /// <param name="answer">Of each request: the answer's head after <c>HTTP/1.1</c>, and its body; null for none, ever.</param>
    public HttpReceiver(Func<ReceivedRequest, (string Head, string Body)?>? answer = null) =>
        Answer = answer ?? (_ => ("200 OK", "ok"));

    public Func<ReceivedRequest, (string Head, string Body)?> Answer { get; set; }

    public string Url => $"http://127.0.0.1:{Port}/hook/Zq7Wk9secret";

    public IReadOnlyList<ReceivedRequest> Received => [.. _received];

    public static (string, string) Status(int code, string headers = "", string body = "") => ($"{code} Status{headers}", body);

    protected override async Task ServeAsync(NetworkStream stream)
    {
        if (await ReadAsync(stream) is not { } request)
            return;
        _received.Enqueue(request);
        if (Answer(request) is not { } answer)
        {
            await Task.Delay(Timeout.Infinite, End);
            return;
        }
        var body = Encoding.UTF8.GetBytes(answer.Body);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 {answer.Head}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"));
        await stream.WriteAsync(body);
    }

    async Task<ReceivedRequest?> ReadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, End) == 0)
                return null;
            head.Append((char)one[0]);
        }
        var lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Select(l => l.Split(": ", 2)).ToDictionary(l => l[0], l => l[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[headers.TryGetValue("Content-Length", out var length) ? int.Parse(length) : 0];
        await stream.ReadExactlyAsync(body, End);
        var words = lines[0].Split(' ');
        return new ReceivedRequest(words[0], words[1], headers, Encoding.UTF8.GetString(body));
    }
}
