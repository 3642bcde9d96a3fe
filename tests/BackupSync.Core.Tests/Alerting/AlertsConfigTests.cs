using BackupSync.Configuration;

namespace BackupSync.Tests.Alerting;

/// <summary>Alerts as they are configured, and mistakes in them, which are told without what is secret.</summary>
[Trait("Needs", "nothing")]
public sealed class AlertsConfigTests : IDisposable
{
    const string Databases = "databases: { a: { url: 'postgresql://h/a' }, b: { url: 'postgresql://h/b' } }\n";

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_setting_is_read()
    {
        var config = Load("""
            service: { state: kept }
            alerts:
              channels:
                ops: { smtp: { host: smtp.example.com, port: 465, security: tls, user: u, password: "${SECRET}", from: b@example.com, to: [o@example.com], rootCertificate: ca.pem } }
                team: { slack: "https://hooks.slack.com/services/x" }
                rooms: { teams: "https://example.com/workflows/x" }
                guild: { discord: "https://discord.com/api/webhooks/1/x" }
                phone: { telegram: { token: "1:x", chat: -100 } }
                pager: { pagerDuty: { key: k, server: "https://events.eu.pagerduty.com" } }
                sms: { twilio: { account: AC1, token: t, from: "+15005550006", to: ["+15005550007"] } }
                hook: { webhook: { url: "http://alerts.internal/x", signingKey: whsec_0123456789abcdef, previousKey: 0123456789abcdef } }
                program: { command: [sh, -c, "cat >/dev/null"] }
              rules:
                - { on: [rolledBack, RollbackFailed], to: [team, ops], repeat: 4h }
                - { on: [copyTooOld], to: [team], after: 2, recoverAfter: 3, quiet: "22:00-06:00 Europe/Paris", escalate: { after: 2h, to: [ops] } }
              digest: { cron: "0 8 * * *", timeZone: Europe/Berlin, to: [ops] }
              names: false
            jobs: { j: { source: a, target: b, ping: "${PING:-}" }, k: { source: b, target: a, ping: "https://hc-ping.com/uuid" } }
            """);
        var alerts = config.Alerts;

        Assert.Equal(
            ["smtp", "slack", "teams", "discord", "telegram", "pagerDuty", "twilio", "webhook", "command"],
            alerts.Channels.Select(c => c.Kind));
        var smtp = alerts.Channels[0].Smtp!;
        Assert.Equal(("smtp.example.com", 465, SmtpSecurity.Tls, "u"), (smtp.Host, smtp.Port, smtp.Security, smtp.User));
        Assert.Equal(("pw1", _folder.File("ca.pem")), (smtp.Password!.Value.Reveal(), smtp.RootCertificate));
        Assert.Equal("https://events.eu.pagerduty.com/", alerts.Channels[5].PagerDuty!.Server.AbsoluteUri);
        Assert.Equal([AlertEventKind.RolledBack, AlertEventKind.RollbackFailed], alerts.Rules[0].On);
        Assert.Equal(TimeSpan.FromHours(4), alerts.Rules[0].Repeat);
        Assert.Equal(["team", "ops"], alerts.Rules[0].To.Select(c => c.Name));
        var rule = alerts.Rules[1];
        Assert.Equal((2, 3, "22:00-06:00 Europe/Paris"), (rule.After, rule.RecoverAfter, $"{rule.Quiet}"));
        Assert.Equal((TimeSpan.FromHours(2), "ops"), (rule.Escalate!.After, rule.Escalate.To[0].Name));
        Assert.Equal(("0 8 * * *", "Europe/Berlin"), (alerts.Digest!.Cron, alerts.Digest.TimeZone.Id));
        Assert.False(alerts.Names);
        Assert.Equal(_folder.File("kept/alerts"), alerts.Folder);
        Assert.Null(config.Job("j").Ping);
        Assert.Equal("https://hc-ping.com/uuid", config.Job("k").Ping!.Value.Reveal());
        Assert.Same(alerts, config.Job("j").Alerts);
    }

    [Fact]
    public void What_is_not_stated_is_startTls_at_port_587()
    {
        var smtp = Load("alerts: { channels: { ops: { smtp: { host: h, from: a@b, to: [c@d] } } } }").Alerts.Channels[0].Smtp!;
        Assert.Equal((587, SmtpSecurity.StartTls), (smtp.Port, smtp.Security));
    }

    [Theory]
    [InlineData("channels: { t: { slack: \"https://h/Zq7Wk9\", teams: \"https://h/Zq7Wk9\" } }", "teams: stands beside 'slack'")]
    [InlineData("channels: { t: {} }", "t.smtp: is missing: a channel is one of")]
    [InlineData("channels: { t: { slack: \"http://hooks.slack.com/Zq7Wk9\" } }", "t.slack: is no address such as https://hooks.")]
    [InlineData("channels: { t: { slack: \"Zq7Wk9\" } }", "t.slack: is no address")]
    [InlineData("channels: { t: { webhook: { url: \"https://u:Zq7Wk9@h/\" } } }", "t.webhook.url: is no address")]
    [InlineData("channels: { t: { webhook: { url: \"https://h/\", signingKey: Zq7Wk9 } } }", "signingKey: is too short")]
    [InlineData("channels: { t: { smtp: { host: h, from: a@b, to: [c@d], security: none, user: u, password: Zq7Wk9 } } }",
        "password: would be sent in the clear")]
    [InlineData("channels: { t: { smtp: { host: h, from: a@b, to: [c@d], password: Zq7Wk9 } } }", "password: has no user beside it")]
    [InlineData("channels: { t: { smtp: { host: h, from: a@b, to: [c@d], security: auto } } }",
        "security: must be one of none, startTls, tls")]
    [InlineData("channels: { t: { smtp: { host: h, from: nobody, to: [] } } }", "to: is missing: the addresses")]
    [InlineData("channels: { t: { command: [] } }", "command: names no program")]
    [InlineData("rules: [{ on: [rolledback, faild], to: [] }]", "on[1]: must be one of")]
    [InlineData("rules: [{ on: [failed], to: [tem] }]", "there is no channel named 'tem'")]
    [InlineData("rules: { on: [failed] }", "rules: must be a list of mappings")]
    [InlineData("rules: [{ on: [failed], to: [], quiet: night }]", "quiet: must be hours such as")]
    [InlineData("rules: [{ on: [failed], to: [], repeat: 1s }]", "repeat: must be a duration")]
    [InlineData("digest: { cron: never, to: [] }", "digest.cron")]
    public void Mistakes_are_told_without_what_is_secret(string setting, string expected)
    {
        var path = _folder.Write("backupsync.yml", $"{Databases}alerts: {{ {setting} }}\n");
        var failure = Assert.Throws<ConfigurationException>(() => ConfigurationFile.Load(path, _ => null));

        Assert.Contains(expected, failure.Message);
        Assert.DoesNotContain("Zq7Wk9", failure.Message);
    }

    [Fact]
    public void A_variable_that_is_not_set_is_told_where_it_is_needed()
    {
        var config = Load("alerts: { channels: { team: { slack: \"${NOT_SET}\" }, ops: { webhook: { url: \"https://h/\" } } } }");

        Assert.Contains("NOT_SET", config.Channel("team").Slack!.Problem!.Message);
        Assert.Contains("NOT_SET", Assert.Single(ConfigurationFile.Check(config.Path, _ => null)).Message);
    }

    BackupSyncConfig Load(string yaml) => ConfigurationFile.Load(
        _folder.Write("backupsync.yml", Databases + yaml), name => name == "SECRET" ? "pw1" : null);
}
