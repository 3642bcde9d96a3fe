using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BackupSync.Tests.Places;

/// <summary>A web server that answers everything with one page.</summary>
sealed class WebPage : IAsyncDisposable
{
    readonly HttpListener _listener = new();
    readonly Task _answering;

    public int Status { get; set; }

    public WebPage(string page, int status = 200)
    {
        Status = status;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        }
        _listener.Prefixes.Add(Address.AbsoluteUri);
        _listener.Start();
        _answering = AnswerAsync(Encoding.UTF8.GetBytes(page));
    }

    public Uri Address { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _answering;
    }

    async Task AnswerAsync(byte[] page)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // closed
            }
            try
            {
                await context.Request.InputStream.CopyToAsync(Stream.Null);
                context.Response.StatusCode = Status;
                context.Response.ContentType = "text/html";
                context.Response.Close(Status == 204 ? [] : page, willBlock: true);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // The client has gone.
            }
        }
    }
}
