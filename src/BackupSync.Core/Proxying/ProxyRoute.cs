using BackupSync.Postgres;

namespace BackupSync.Proxying;

/// <summary>Where the clients of a proxy are led.</summary>
abstract record ProxyRoute
{
    /// <summary>To a server. Whoever is connected to another one is cut off, and comes back to this one.</summary>
    public sealed record To(DatabaseHost Server) : ProxyRoute;

    /// <summary>
    /// Nowhere for now: new clients wait, and what those connected to the server send waits with them. Answers still come through, so that
    /// whose commit has been made hears of it.
    /// </summary>
    /// <param name="Server">Whose clients may stay; null cuts off all.</param>
    public sealed record Held(DatabaseHost? Server) : ProxyRoute;

    /// <summary>Nowhere: all are cut off, and told this.</summary>
    public sealed record Refused(string Reason) : ProxyRoute;

    /// <summary>Whether a connection to a server may go on, be it that it waits.</summary>
    public bool Keeps(DatabaseHost server) => this switch
    {
        To to => to.Server == server,
        Held held => held.Server == server,
        _ => false,
    };
}
