using System.Net;
using BackupSync.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.WindowsServices;

namespace BackupSync.Cli.Serving;

/// <summary>
/// What the service answers by HTTP: a handful of addresses, answered from what is known. No file of the machine is served, and every
/// request is small, or refused.
/// </summary>
static class WebServer
{
    const int MostRequestBytes = 4096;
    const int MostHeaderBytes = 16_384;
    const int MostConnections = 100;

    /// <summary>Starts it; it goes on until the result is stopped.</summary>
    /// <param name="readToken">The token that is in force, asked for each request.</param>
    /// <exception cref="BackupSyncException"><see cref="ErrorIds.ConfigurationInvalid"/>: it cannot listen there.</exception>
    public static async Task<WebApplication> StartAsync(
        ServiceConfig service, Func<string?> readToken, IReadOnlyList<WebRoute> routes, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Limit(kestrel, service.Listen));
        if (WindowsServiceHelpers.IsWindowsService())
            builder.Services.AddWindowsService();
        else
            builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var app = builder.Build();
        app.Run(context => AnswerAsync(context, service.IsLocal, readToken, routes));
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or InvalidOperationException)
        {
            await app.DisposeAsync();
            throw new BackupSyncException(
                ErrorIds.ConfigurationInvalid, $"The service cannot listen on {service.Listen}: {e.Message.TrimEnd('.')}.",
                "Name an address of this machine, and a port that is free: service: { listen: \"http://127.0.0.1:8080\" }.", e);
        }
        return app;
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

    static async Task AnswerAsync(HttpContext context, bool isLocal, Func<string?> readToken, IReadOnlyList<WebRoute> routes)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        WebAnswer answer;
        try
        {
            answer = WebAccess.Refusal(context.Request, isLocal, readToken) is { } refusal
                ? WebAnswer.Refused(refusal.Status, refusal.Message)
                : await RouteAsync(context.Request, routes);
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

    static async Task<WebAnswer> RouteAsync(HttpRequest request, IReadOnlyList<WebRoute> routes)
    {
        var isPost = HttpMethods.IsPost(request.Method);
        var path = request.Path.Value ?? "/";
        foreach (var route in routes)
        {
            if (route.IsPost == isPost && route.Match(path) is { } name)
                return await route.AnswerAsync(request, name);
        }
        return WebAnswer.Refused(
            StatusCodes.Status404NotFound, $"There is: {string.Join(", ", routes.Where(r => !r.IsPost).Select(r => r.Path))}.");
    }

    /// <summary>Signals are ours: the page is served until the last run has ended.</summary>
    sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
