namespace BackupSync.Postgres;

/// <summary>Who logs in where, and under which name the server's administrators see it.</summary>
/// <param name="Label">The database's name as an operator knows it; stands in messages.</param>
/// <param name="ApplicationName">Starts with <c>backupsync</c>; see <see cref="RunTag"/>.</param>
/// <param name="ReadOnly">Sessions refuse to write: for the source.</param>
sealed record PgLogin(string Label, DatabaseAddress Address, string ApplicationName, bool ReadOnly)
{
    /// <summary>
    /// No event trigger fires for what its sessions do, nor for their logins: what a copy's own triggers would write is in no original.
    /// </summary>
    internal bool EventTriggersOff { get; private init; }

    /// <summary>
    /// Up to version 16 they are kept from a single statement: as if it came from another server, which triggers of foreign keys would
    /// be kept from, too.
    /// </summary>
    internal bool DefinesAsReplica { get; private init; }

    /// <summary>
    /// The same with what is known of the server and its role, and of the way to it: a pooler in front refuses what is asked for in a
    /// login.
    /// </summary>
    internal PgLogin For(
        DatabaseFacts facts,
        PgSession session) => this with { EventTriggersOff = facts.MayTurnEventTriggersOff && !session.IsPooled,
        DefinesAsReplica = facts is { IsSuperuser: true, Major: < 17 } };

    public PgLogin WithDatabase(string database) => this with { Address = Address.WithDatabase(database) };
}
