using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace BackupSync.Cli.Serving;

/// <summary>Who may ask what. Reading is free on this machine; from elsewhere, and to change anything, the token is required.</summary>
static class WebAccess
{
    const string Scheme = "Bearer ";

    /// <returns>The status and the words of a refusal; null for none.</returns>
    /// <param name="isLocal">Whether only this machine comes here, whatever a configuration that was read since says.</param>
    /// <param name="readToken">The token that is in force; null for none.</param>
    public static (int Status, string Message)? Refusal(HttpRequest request, bool isLocal, Func<string?> readToken)
    {
        var isRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (!isRead && !HttpMethods.IsPost(request.Method))
            return (StatusCodes.Status405MethodNotAllowed, "GET and HEAD read; POST pauses, resumes and acknowledges.");
        // A page of another site, in a browser of this machine, could else read it by a name that leads here.
        if (isLocal && !IsNameOfThisMachine(request.Host.Host))
            return (StatusCodes.Status421MisdirectedRequest, "This is asked by its own address: localhost or 127.0.0.1.");
        if (isRead && isLocal)
            return null;
        if (readToken() is not { } token)
            return (StatusCodes.Status403Forbidden, "The configuration names no service.token: nothing can be changed here.");
        return request.Headers.Authorization.ToString() is var given && given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && IsSame(given[Scheme.Length..].Trim(), token)
            ? null
            : (StatusCodes.Status401Unauthorized, "The token of the configuration is required: Authorization: Bearer …");
    }

    static bool IsNameOfThisMachine(string host) => host is "localhost" or "127.0.0.1" or "::1" or "[::1]";

    /// <summary>In a time that tells nothing of how much of it is right.</summary>
    static bool IsSame(string given, string token) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
