using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using BackupSync.Configuration;

namespace BackupSync.Alerting;

/// <summary>What is posted where.</summary>
/// <param name="Url">May be a secret: it is never told.</param>
/// <param name="Secrets">What must not be told, should the receiver's answer have it.</param>
sealed record HttpPayload(string Url, string Body, params IReadOnlyList<string> Secrets)
{
    public string ContentType { get; init; } = "application/json";
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];
}

/// <summary>Posts a payload; anything but an answer of success is a failure.</summary>
/// <param name="payload">Null for what such a receiver is not told.</param>
sealed class HttpSender(TimeProvider clock, Func<AlertMessage, HttpPayload?> payload) : IAlertSender
{
    const int MostAnswer = 2048;
    const int MostAnswerTold = 200;

    /// <summary>Longer ones are not believed: a message is given up after a day.</summary>
    internal static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(24);

    /// <summary>A redirection is an answer that is no success: what is posted is for one receiver.</summary>
    static readonly HttpClient Client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(8),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        MaxResponseHeadersLength = 32,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan, // the caller's token has one
    };

    public async Task<string?> SendAsync(AlertMessage message, CancellationToken cancellationToken)
    {
        HttpPayload? made;
        try
        {
            made = payload(message);
        }
        catch (ConfigurationException e)
        {
            throw new ChannelException(e.Problems[0].Message, e) { IsLasting = true };
        }
        if (made is not null)
            await PostAsync(made, clock, cancellationToken);
        return null;
    }

    /// <exception cref="ChannelException">It was not accepted.</exception>
    public static async Task PostAsync(HttpPayload payload, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, payload.Url)
        {
            Content = new StringContent(payload.Body, Encoding.UTF8, new MediaTypeHeaderValue(payload.ContentType, "utf-8")),
        };
        request.Headers.UserAgent.ParseAdd("BackupSync/1");
        foreach (var (name, value) in payload.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var status = (int)response.StatusCode;
            if (status is >= 200 and < 300)
                return;
            var answer = await AnswerAsync(response, cancellationToken);
            var words = Told(answer, payload);
            throw new ChannelException($"The receiver answered {status}{(words.Length > 0 ? $": {words}" : ".")}")
            {
                RetryAfter = RetryAfterOf(response, answer, clock),
                IsLasting = status is >= 300 and < 500
                    && response.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests)
                    && status != 425,
            };
        }
        catch (HttpRequestException e)
        {
            // Of an address that is a secret, the host alone is none.
            var inner = e.InnerException?.Message ?? "";
            var message = e.Message.Contains(inner, StringComparison.Ordinal) ? e.Message : $"{e.Message} {inner}";
            throw new ChannelException(Told(message, payload), e);
        }
        catch (IOException e)
        {
            throw new ChannelException(Told(e.Message, payload), e);
        }
    }

    static async Task<string> AnswerAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MostAnswer];
        var count = await stream.ReadAtLeastAsync(buffer, MostAnswer, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, count);
    }

    static string Told(string text, HttpPayload payload)
    {
        foreach (var secret in payload.Secrets.Append(payload.Url).Append(new Uri(payload.Url).PathAndQuery).Where(s => s.Length > 1))
            text = text.Replace(secret, "***", StringComparison.Ordinal);
        return Printable.Line(AlertText.Cut(AddressText.Scrub(text.ReplaceLineEndings(" ").Trim()), MostAnswerTold));
    }

    /// <summary>Of the header, or of what Discord and Telegram say in their answers.</summary>
    static TimeSpan? RetryAfterOf(HttpResponseMessage response, string answer, TimeProvider clock)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - clock.GetUtcNow(),
            _ => InAnswer(answer),
        };
        return wait is not { } told || told <= TimeSpan.Zero ? null : told < LongestRetryAfter ? told : LongestRetryAfter;
    }

    static TimeSpan? InAnswer(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            var root = json.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("parameters", out var parameters))
                root = parameters;
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("retry_after", out var after)
                && after.TryGetDouble(out var seconds) && seconds is > 0 and < 1e6
                ? TimeSpan.FromSeconds(seconds)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>JSON as receivers get it.</summary>
static class Payloads
{
    static readonly JsonSerializerOptions Format = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // Receivers count bytes, and get UTF-8: nothing of this is ever put into HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Json(object value) => JsonSerializer.Serialize(value, Format);

    /// <summary>As ISO 8601 has it, in UTC.</summary>
    public static string Moment(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
