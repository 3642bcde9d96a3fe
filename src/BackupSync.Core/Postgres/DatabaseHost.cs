using System.Net;
using System.Net.Sockets;

namespace BackupSync.Postgres;

/// <summary>A server of a database's address: a name, an IP address, or the folder of a Unix socket.</summary>
public readonly record struct DatabaseHost(string Name, int Port)
{
    public const int DefaultPort = 5432;

    public bool IsSocket => Name.StartsWith('/');

    /// <summary><c>name:port</c>, IPv6 addresses in brackets.</summary>
    public override string ToString() => $"{Bracketed}:{Port}";

    internal string Bracketed =>
        IPAddress.TryParse(Name, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{Name}]" : Name;

    /// <summary>
    /// Where libpq goes when no host is given: the socket of a server on this machine. Where there is none, as on Windows
    /// or with a server in a container, <c>localhost</c>.
    /// </summary>
    internal static string DefaultName(int port) =>
        new[] { "/var/run/postgresql", "/tmp" }.FirstOrDefault(d => File.Exists($"{d}/.s.PGSQL.{port}")) ?? "localhost";
}
