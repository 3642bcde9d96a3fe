using BackupSync.Alerting;
using BackupSync.Configuration;

namespace BackupSync.Tests.Alerting;

/// <summary>Mail to a server that takes it, refuses it, is slow, or is not who it should be.</summary>
[Trait("Needs", "nothing")]
public sealed class SmtpSenderTests : IDisposable
{
    const string Password = "Zq7Wk9secret";

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Mail_goes_by_starttls_with_user_and_password()
    {
        await using var server = new SmtpReceiver();
        Assert.Null(await SendAsync(Config(server)));

        var mail = Assert.Single(server.Received);
        Assert.True(mail.WasSecured);
        Assert.Equal($"backups:{Password}", mail.User);
        Assert.Equal(["ops@example.com", "dba@example.com"], mail.To);
        Assert.Contains("Subject: railway-to-neon failed.", mail.Text);
        Assert.Contains("railway-to-neon failed. Check host and port.", mail.Text);
        Assert.DoesNotContain(server.InTheClear, line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Mail_goes_by_tls_from_the_first_byte_on()
    {
        await using var server = new SmtpReceiver { IsSecuredAtOnce = true };
        await SendAsync(Config(server) with { Security = SmtpSecurity.Tls });

        Assert.True(Assert.Single(server.Received).WasSecured);
        Assert.Empty(server.InTheClear);
    }

    [Fact]
    public async Task Mail_goes_in_the_clear_where_that_is_stated()
    {
        await using var server = new SmtpReceiver { OffersStartTls = false };
        await SendAsync(Config(server) with { Security = SmtpSecurity.None, User = null, Password = null });

        Assert.False(Assert.Single(server.Received).WasSecured);
    }

    [Fact]
    public async Task Nothing_is_sent_where_starttls_is_not_offered()
    {
        await using var server = new SmtpReceiver { OffersStartTls = false };
        var failure = await FailAsync(Config(server));

        Assert.Contains("offers no STARTTLS", failure.Message);
        Assert.True(failure.IsLasting);
        Assert.DoesNotContain(server.InTheClear, line => line.Split(' ')[0] is "AUTH" or "MAIL");
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_refused_before_the_password_is_told()
    {
        await using var server = new SmtpReceiver("other.example.com");
        Assert.Contains("is not trusted", (await FailAsync(Config(server))).Message);
        Assert.Empty(server.Received);
    }

    [Fact]
    public async Task A_certificate_of_an_authority_that_nobody_knows_is_refused()
    {
        await using var server = new SmtpReceiver();
        var failure = await FailAsync(Config(server) with { RootCertificate = null });

        Assert.Contains("rootCertificate", failure.Message);
        Assert.True(failure.IsLasting);
        Assert.Empty(server.Received);
    }

    [Theory]
    [InlineData("AUTH", "535 no", "refuses the user or the password", true)]
    [InlineData("MAIL", "450 later", "answered 450", false)]
    [InlineData("DATA", "554 spam", "answered 554", true)]
    public async Task What_it_refuses_is_told_without_the_password(string command, string answer, string told, bool isLasting)
    {
        await using var server = new SmtpReceiver();
        server.Instead = line => line.StartsWith(command, StringComparison.Ordinal) ? answer : null;
        var failure = await FailAsync(Config(server));

        Assert.Contains(told, failure.Message);
        Assert.Equal(isLasting, failure.IsLasting);
        Assert.DoesNotContain(Password, failure.ToString());
    }

    [Fact]
    public async Task One_receiver_that_is_refused_does_not_keep_the_mail_from_the_others()
    {
        await using var server = new SmtpReceiver();
        server.Instead = line => line.Contains("<dba@", StringComparison.Ordinal) ? "550 nobody" : null;
        var remark = await SendAsync(Config(server));

        Assert.Equal(["ops@example.com"], Assert.Single(server.Received).To);
        Assert.Contains("dba@example.com", remark);
        server.Instead = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 nobody" : null;
        Assert.Contains("none of the receivers", (await FailAsync(Config(server))).Message);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_left_after_the_limit()
    {
        await using var server = new SmtpReceiver();
        server.Instead = line => line.StartsWith("MAIL", StringComparison.Ordinal) ? "" : null;
        var failure = await Assert.ThrowsAsync<ChannelException>(() => AlertDelivery.AttemptAsync(
            new ChannelConfig { Name = "ops", Smtp = Config(server) }, AlertSamples.Message(), TimeSpan.FromSeconds(1), TimeProvider.System,
            default));

        Assert.Contains("no answer within 1.0s", failure.Message);
        Assert.False(failure.IsLasting);
    }

    SmtpConfig Config(SmtpReceiver server) => new()
    {
        Host = "localhost",
        Port = server.Port,
        User = "backups",
        Password = AlertSamples.Late(Password),
        RootCertificate = _folder.Write("root.pem", server.Certificate),
        From = "backups@example.com",
        To = ["ops@example.com", "dba@example.com"],
    };

    static Task<string?> SendAsync(SmtpConfig config) => new SmtpSender(config).SendAsync(AlertSamples.Message(), default);

    static Task<ChannelException> FailAsync(SmtpConfig config) => Assert.ThrowsAsync<ChannelException>(() => SendAsync(config));
}
