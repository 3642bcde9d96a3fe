using BackupSync.Configuration;

namespace BackupSync.Tests.Configuration;

/// <summary>What <c>health</c> of the configuration may hold.</summary>
[Trait("Needs", "nothing")]
public sealed class HealthConfigTests : IDisposable
{
    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Every_setting_is_read()
    {
        var health = Load("""
              databases: { a: { every: 10s, timeout: 2s, down: 5m, wake: true } }
              services:
                gateway:
                  http: https://gateway.example.com/health?key=x
                  expect: 204
                  every: 1m
                  timeout: 3s
                  down: 10m
                  errorShare: { over: 15m, above: 25% }
            """);

        Assert.Equal(
            ("a", TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5), true),
            health.Databases.Select(d => (d.Name, d.Every, d.Timeout, d.Down, d.Wake)).Single());
        var service = Assert.Single(health.Services);
        Assert.Equal(
            ("gateway", new Uri("https://gateway.example.com/health?key=x"), 204, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(3)),
            (service.Name, service.Http, service.Expect, service.Every, service.Timeout));
        Assert.Equal((TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15), 0.25), (
            service.Down, service.ErrorShare.Over, service.ErrorShare.Above));
    }

    [Fact]
    public void Defaults_hold_where_nothing_is_said()
    {
        Assert.Empty(Load("  databases:").Databases);
        var health = Load("  databases: { a: {} }\n  services: { s: { http: http://localhost/ } }");

        Assert.Equal(
            (TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), false),
            health.Databases.Select(d => (d.Every, d.Timeout, d.Down, d.Wake)).Single());
        Assert.Equal(
            (200, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(5), 0.1),
            health.Services.Select(s => (s.Expect, s.Every, s.Timeout, s.Down, s.ErrorShare.Over, s.ErrorShare.Above)).Single());
    }

    [Theory]
    [InlineData("databases: { b: {} }", "3:16: health.databases.b: there is no database named 'b' to probe")]
    [InlineData(
        "databases: { a: { every: 0s } }",
        "3:28: health.databases.a.every: must be a duration such as 90s, 5m, 1h30m or 7d, at least 1s and at most 1d, not '0s'")]
    [InlineData(
        "services: { s: {} }",
        "3:15: health.services.s.http: is missing: an address such as https://gateway.example.com/health, without user and password")]
    [InlineData(
        "services: { s: { http: gateway } }",
        "3:26: health.services.s.http: must be an address such as https://gateway.example.com/health, without user and password, "
            + "not 'gateway'")]
    [InlineData(
        "services: { s: { http: 'https://u:never-shown@h/' } }",
        "3:26: health.services.s.http: must be an address such as https://gateway.example.com/health, without user and password, "
            + "not what stands here")]
    [InlineData(
        "services: { s: { http: http://h/, expect: 99 } }",
        "3:45: health.services.s.expect: must be a whole number from 100 to 599, not '99'")]
    [InlineData(
        "services: { s: { http: http://h/, wake: true } }",
        "3:37: health.services.s.wake: unknown key; allowed are http, expect, every, timeout, down, errorShare")]
    public void What_is_wrong_is_told_where_it_stands(string settings, string problem)
    {
        var e = Assert.Throws<ConfigurationException>(() => Load($"  {settings}"));

        Assert.EndsWith(problem, Assert.Single(e.Problems).ToString(), StringComparison.Ordinal);
    }

    HealthConfig Load(string settings) => ConfigurationFile.Load(
        _temp.Write("backupsync.yml", $"databases: {{ a: {{ url: \"${{NOT_SET_ANYWHERE}}\" }} }}\nhealth:\n{settings}\n")).Health;
}
