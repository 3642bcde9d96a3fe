using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace BackupSync.Tests;

/// <param name="To">The receivers that were accepted.</param>
/// <param name="WasSecured">Whether it came by TLS.</param>
/// <param name="User">Who has signed in, with the password; null for nobody.</param>
sealed record ReceivedMail(IReadOnlyList<string> To, string Text, bool WasSecured, string? User);

/// <summary>A mail server on loopback that takes, refuses or delays as the test says.</summary>
sealed class SmtpReceiver : LoopbackReceiver
{
    readonly ConcurrentQueue<ReceivedMail> _received = new();
    readonly X509Certificate2 _certificate;

    /// <param name="name">Whom its certificate is for.</param>
    public SmtpReceiver(string name = "localhost")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    public bool OffersStartTls { get; init; } = true;
    public bool IsSecuredAtOnce { get; init; }

    /// <summary>What a line is answered with instead; null for the usual, empty for nothing, ever.</summary>
    public Func<string, string?> Instead { get; set; } = _ => null;

    public string Certificate => _certificate.ExportCertificatePem();

    public IReadOnlyList<ReceivedMail> Received => [.. _received];

    /// <summary>All that was said to it in the clear.</summary>
    public ConcurrentQueue<string> InTheClear { get; } = new();

    protected override async Task ServeAsync(NetworkStream stream) =>
        await TalkAsync(IsSecuredAtOnce ? await SecuredAsync(stream) : stream);

    async Task<Stream> SecuredAsync(Stream stream)
    {
        var secured = new SslStream(stream);
        await secured.AuthenticateAsServerAsync(_certificate);
        return secured;
    }

    async Task TalkAsync(Stream stream)
    {
        await SayAsync(stream, "220 receiver");
        List<string> to = [];
        string? user = null;
        while (await LineAsync(stream) is { } line)
        {
            if (stream is not SslStream)
                InTheClear.Enqueue(line);
            if (Instead(line) is { } instead)
            {
                if (instead.Length == 0)
                    await Task.Delay(Timeout.Infinite, End);
                await SayAsync(stream, instead);
                continue;
            }
            switch (line.Split(' ')[0].ToUpperInvariant())
            {
                case "EHLO":
                    var startTls = OffersStartTls && stream is not SslStream ? "250-STARTTLS\r\n" : "";
                    await SayAsync(stream, $"250-receiver\r\n{startTls}250 AUTH PLAIN");
                    break;
                case "STARTTLS":
                    await SayAsync(stream, "220 go on");
                    stream = await SecuredAsync(stream);
                    break;
                case "AUTH":
                    user = Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[2])).Trim('\0').Replace('\0', ':');
                    await SayAsync(stream, "235 welcome");
                    break;
                case "RCPT":
                    to.Add(line[(line.IndexOf('<') + 1)..line.IndexOf('>')]);
                    await SayAsync(stream, "250 fine");
                    break;
                case "DATA":
                    await SayAsync(stream, "354 go on");
                    var text = new StringBuilder();
                    while (await LineAsync(stream) is { } part && part != ".")
                        text.Append(part).Append('\n');
                    _received.Enqueue(new ReceivedMail([.. to], text.ToString(), stream is SslStream, user));
                    await SayAsync(stream, "250 taken");
                    break;
                case "QUIT":
                    await SayAsync(stream, "221 bye");
                    return;
                default:
                    await SayAsync(stream, "250 fine");
                    break;
            }
        }
    }

    async Task SayAsync(Stream stream, string line) => await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), End);

    async Task<string?> LineAsync(Stream stream)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, End) > 0)
        {
            if (one[0] == '\n')
                return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            line.Add(one[0]);
        }
        return null;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _certificate.Dispose();
    }
}
