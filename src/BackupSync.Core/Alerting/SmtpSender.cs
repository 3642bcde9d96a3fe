using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BackupSync.Configuration;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace BackupSync.Alerting;

/// <summary>Mail. How the connection is secured is as configured, and never as the server happens to offer it.</summary>
sealed class SmtpSender(SmtpConfig config) : IAlertSender
{
    const int MostSubject = 200;

    public async Task<string?> SendAsync(AlertMessage message, CancellationToken cancellationToken)
    {
        using var client = new Client { CheckCertificateRevocation = false };
        X509Certificate2Collection? roots = null;
        try
        {
            if (config.RootCertificate is { } file)
            {
                roots = [];
                roots.ImportFromPemFile(file);
                client.ServerCertificateValidationCallback = (_, certificate, _, errors) => IsSignedBy(roots, certificate, errors);
            }
            using var mail = MailOf(config, message);
            await client.ConnectAsync(config.Host, config.Port, config.Security switch
            {
                SmtpSecurity.Tls => SecureSocketOptions.SslOnConnect,
                SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
                _ => SecureSocketOptions.None,
            }, cancellationToken);
            if (config.User is { } user && config.Password is { } password)
                await client.AuthenticateAsync(Encoding.UTF8, user, password.Value.Reveal(), cancellationToken);
            await client.SendAsync(mail, cancellationToken);
            await QuitAsync(client, cancellationToken);
            return client.Refused.Count == 0 ? null : $"{Server} does not take mail for some of the receivers: {client.Refused[0]}";
        }
        catch (SmtpCommandException) when (client.Refused.Count == config.To.Count)
        {
            throw Lasting($"{Server} takes mail for none of the receivers: {client.Refused[0]}");
        }
        catch (Exception e) when (Translated(e) is { } told)
        {
            throw told;
        }
        finally
        {
            foreach (var root in roots ?? [])
                root.Dispose();
        }
    }

    /// <summary>What is sent: plain text, the first line saying all, and where there is one, a page beside it.</summary>
    internal static MimeMessage MailOf(SmtpConfig config, AlertMessage message)
    {
        var mail = new MimeMessage();
        mail.From.Add(new MailboxAddress("BackupSync", config.From));
        mail.To.AddRange(config.To.Select(to => new MailboxAddress("", to)));
        mail.Subject = AlertText.Cut(message.Headline.ReplaceLineEndings(" "), MostSubject);
        mail.Date = message.Created;
        mail.MessageId = $"{message.Id}@{config.From[(config.From.IndexOf('@', StringComparison.Ordinal) + 1)..]}";
        // https://www.rfc-editor.org/rfc/rfc3834: nobody's absence is to answer it.
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        mail.Headers.Add("X-BackupSync-Key", AlertText.CodeOf(message.Key));
        if (message.Severity == AlertSeverity.Critical)
            mail.Priority = MessagePriority.Urgent;
        var text = new StringBuilder(message.FirstLine).Append("\n\n");
        foreach (var (name, value) in message.Details)
            text.Append(name).Append(": ").Append(value).Append('\n');
        if (message.Host is { } host)
            text.Append("Machine: ").Append(host).Append('\n');
        var body = new BodyBuilder { TextBody = text.ToString() };
        if (message.Page is { } page)
            body.Attachments.Add("backupsync.html", Encoding.UTF8.GetBytes(page), new ContentType("text", "html"));
        mail.Body = body.ToMessageBody();
        return mail;
    }

    string Server => $"{config.Host}:{config.Port}";

    /// <summary>It has the mail: how it parts does not matter.</summary>
    static async Task QuitAsync(Client client, CancellationToken cancellationToken)
    {
        try
        {
            await client.DisconnectAsync(quit: true, cancellationToken);
        }
        catch (Exception e) when (e is IOException or ProtocolException or SocketException or OperationCanceledException)
        {
            // Accepted is accepted.
        }
    }

    ChannelException? Translated(Exception failure) => failure switch
    {
        ConfigurationException e => Lasting(e.Problems[0].Message),
        SslHandshakeException => Lasting(
            $"{Server} is not trusted: its certificate is not for this name, has expired, or is signed by an authority that this machine does "
                + "not know (rootCertificate names one)."),
        AuthenticationException => Lasting($"{Server} refuses the user or the password."),
        NotSupportedException when config.Security == SmtpSecurity.StartTls => Lasting(
            $"{Server} offers no STARTTLS: state security: tls where its port is secured from the first byte on, or none."),
        NotSupportedException => Lasting($"{Server} takes no user: leave user and password out."),
        SmtpCommandException e => new ChannelException($"{Server} answered {(int)e.StatusCode}: {Words(e.Message)}", e)
        {
            IsLasting = (int)e.StatusCode >= 500,
        },
        ServiceNotAuthenticatedException => Lasting($"{Server} wants a user and a password."),
        ProtocolException or ServiceNotConnectedException => new ChannelException(
            $"{Server} ended the conversation: {Words(failure.Message)}", failure),
        SocketException or IOException => new ChannelException($"{Server}: {Words(failure.Message)}", failure),
        CryptographicException => Lasting($"{config.RootCertificate} is no certificate."),
        _ => null,
    };

    static ChannelException Lasting(string message) => new(message) { IsLasting = true };

    static string Words(string text) => Printable.Line(AlertText.Cut(AddressText.Scrub(text.ReplaceLineEndings(" ").Trim()), MostSubject));

    static bool IsSignedBy(X509Certificate2Collection roots, X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        using var server = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(server);
    }

    /// <summary>One receiver that is refused must not keep the mail from the others.</summary>
    sealed class Client : SmtpClient
    {
        public List<string> Refused { get; } = [];

        protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response) =>
            Refused.Add($"{mailbox.Address} ({(int)response.StatusCode} {Words(response.Response)})");
    }
}
