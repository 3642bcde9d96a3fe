using System.Net;
using System.Net.Sockets;
using System.Text;
using BackupSync.Configuration;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace BackupSync.Cli.Serving;

/// <summary>
/// What the service answers by HTTP: a handful of addresses, answered from what is known. No file of the machine is served, and every
/// request is small, or refused. Kestrel alone does it: a host around it would take memory, and do nothing.
/// </summary>
sealed class WebServer : IHttpApplication<HttpContext>, IAsyncDisposable
{
    const int MostRequestBytes = 4096;
    const int MostHeaderBytes = 16_384;
    const int MostConnections = 100;

    readonly Uri _listen;
    readonly bool _isLocal;
    readonly Func<string?> _readToken;
    readonly IReadOnlyList<WebRoute> _routes;
    readonly KestrelServer _kestrel;

    WebServer(ServiceConfig service, Func<string?> readToken, IReadOnlyList<WebRoute> routes)
    {
        (_listen, _isLocal, _readToken, _routes) = (service.Listen, service.IsLocal, readToken, routes);
        var options = new KestrelServerOptions();
        Limit(options, service.Listen);
        var logs = NullLoggerFactory.Instance;
        _kestrel = new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), logs), logs);
    }

    /// <summary>Starts it; it goes on until the result is stopped.</summary>
    /// <param name="readToken">The token that is in force, asked for each request.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.ConfigurationInvalid"/>: it cannot listen there.</exception>
    public static async Task<WebServer> StartAsync(
        ServiceConfig service, Func<string?> readToken, IReadOnlyList<WebRoute> routes, CancellationToken cancellationToken)
    {
        var server = new WebServer(service, readToken, routes);
        try
        {
            await server._kestrel.StartAsync(server, cancellationToken);
            return server;
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            await server.DisposeAsync();
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid, $"The service cannot listen on {service.Listen}: {e.Message.TrimEnd('.')}.",
                "Name an address of this machine, and a port that is free: service: { listen: \"http://127.0.0.1:8080\" }.", e);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Asks itself once, so that what has to be compiled for a first answer is: it takes as long as a hundred answers after it.
    /// </summary>
    public async Task AskItselfAsync(string path, CancellationToken cancellationToken)
    {
        var address = IPAddress.TryParse(_listen.DnsSafeHost, out var stated)
            && !stated.Equals(IPAddress.Any) && !stated.Equals(IPAddress.IPv6Any)
            ? stated
            : IPAddress.Loopback;
        var token = _readToken() is { } known ? $"Authorization: Bearer {known}\r\n" : "";
        try
        {
            using var client = new TcpClient(address.AddressFamily);
            await client.ConnectAsync(address, _listen.Port, cancellationToken);
            await using var stream = client.GetStream();
            await stream.WriteAsync(
                Encoding.UTF8.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}Connection: close\r\n\r\n"), cancellationToken);
            await stream.CopyToAsync(Stream.Null, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Nothing depends on it: whoever asks first waits a moment longer.
        }
    }

    /// <summary>Lets requests end that are under way.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _kestrel.StopAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        _kestrel.Dispose();
        return ValueTask.CompletedTask;
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // It holds nothing.
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        WebAnswer answer;
        try
        {
            answer = WebAccess.Refusal(context.Request, _isLocal, _readToken) is { } refusal
                ? WebAnswer.Refused(refusal.Status, refusal.Message)
                : await RouteAsync(context.Request);
        }
        catch (BackupSyncException failure)
        {
            // A name that is not there, a moment that is none.
            answer = WebAnswer.Refused(
                failure.ErrorId == ErrorIds.UnknownName ? StatusCodes.Status404NotFound : StatusCodes.Status400BadRequest, failure.Message);
        }
        if (answer.Status == StatusCodes.Status401Unauthorized)
            headers.WWWAuthenticate = "Bearer";
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        context.Response.ContentLength = answer.Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    async Task<WebAnswer> RouteAsync(HttpRequest request)
    {
        var isPost = HttpMethods.IsPost(request.Method);
        var path = request.Path.Value ?? "/";
        foreach (var route in _routes)
        {
            if (route.IsPost == isPost && route.Match(path) is { } name)
                return await route.AnswerAsync(request, name);
        }
        return WebAnswer.Refused(
            StatusCodes.Status404NotFound, $"There is: {string.Join(", ", _routes.Where(r => !r.IsPost).Select(r => r.Path))}.");
    }

    static void Limit(KestrelServerOptions kestrel, Uri listen)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MostRequestBytes;
        kestrel.Limits.MaxRequestLineSize = MostRequestBytes;
        kestrel.Limits.MaxRequestBufferSize = MostHeaderBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        if (listen.Host == "localhost")
            kestrel.ListenLocalhost(listen.Port);
        else if (IPAddress.TryParse(listen.DnsSafeHost, out var address))
            kestrel.Listen(address, listen.Port);
        else
            kestrel.ListenAnyIP(listen.Port);
    }
}
