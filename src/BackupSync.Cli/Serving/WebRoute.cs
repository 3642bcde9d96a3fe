using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace BackupSync.Cli.Serving;

/// <summary>An address that is answered.</summary>
/// <param name="Path">As it is asked, with <c>{name}</c> for one part of it at most.</param>
/// <param name="AnswerAsync">Handed the request and that part; empty where it has none.</param>
sealed record WebRoute(string Path, bool IsPost, Func<HttpRequest, string, Task<WebAnswer>> AnswerAsync)
{
    const string Name = "{name}";

    public static WebRoute Get(string path, Func<WebAnswer> answer) => new(path, IsPost: false, (_, _) => Task.FromResult(answer()));

    public static WebRoute GetAsync(string path, Func<Task<WebAnswer>> answer) => new(path, IsPost: false, (_, _) => answer());

    public static WebRoute Post(string path, Func<HttpRequest, string, WebAnswer> answer) =>
        new(path, IsPost: true, (request, name) => Task.FromResult(answer(request, name)));

    /// <returns>The part that stands for the name; null where it is another address.</returns>
    public string? Match(string path)
    {
        var hole = Path.IndexOf(Name, StringComparison.Ordinal);
        if (hole < 0)
            return path == Path ? "" : null;
        var (head, tail) = (Path[..hole], Path[(hole + Name.Length)..]);
        return path.Length > head.Length + tail.Length && path.StartsWith(head, StringComparison.Ordinal)
            && path.EndsWith(tail, StringComparison.Ordinal)
            && path[head.Length..^tail.Length] is var name && !name.Contains('/', StringComparison.Ordinal)
            ? name
            : null;
    }
}

/// <summary>What is answered.</summary>
sealed record WebAnswer(int Status, string ContentType, byte[] Body)
{
    public static WebAnswer Of<T>(T shown) => Json(JsonSerializer.Serialize(shown, JsonFormat.Shown));

    public static WebAnswer Json(string json, int status = StatusCodes.Status200OK) =>
        new(status, "application/json; charset=utf-8", Encoding.UTF8.GetBytes(json + "\n"));

    public static WebAnswer Text(string text, string contentType, int status = StatusCodes.Status200OK) =>
        new(status, contentType, Encoding.UTF8.GetBytes(text));

    public static WebAnswer Refused(int status, string message) =>
        Text(Printable.Line(message) + "\n", "text/plain; charset=utf-8", status);
}
