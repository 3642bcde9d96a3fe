using System.Globalization;
using System.Text.Json;
using BackupSync.Postgres;

namespace BackupSync.Verification;

/// <summary>Who owns what of a database, and who may do what with it, at one moment.</summary>
sealed class ObjectRights
{
    readonly Dictionary<string, Entry> _entries;

    ObjectRights(Dictionary<string, Entry> entries) => _entries = entries;

    public static async Task<ObjectRights> ReadAsync(IQueryRunner runner, CancellationToken cancellationToken) =>
        new((await runner.RowsAsync(Query, cancellationToken)).Select(Entry.Of).ToDictionary(e => e.Key));

    /// <summary>What makes of these rights those that are wanted, of all that both know; nothing where they are the same.</summary>
    /// <param name="isSuperuser">Whether the statements' role is one.</param>
    /// <param name="keepsOwner">Whether the owner of an object, by its key, cannot be changed.</param>
    public IReadOnlyList<RightsStatement> StatementsTo(ObjectRights wanted, bool isSuperuser, Func<string, bool> keepsOwner) =>
        [.. Pairs(wanted).OrderBy(p => p.Wanted.Rank)
            .SelectMany(p => (keepsOwner(p.Wanted.Key) ? p.Wanted.OwnedBy(p.Now.Owner) : p.Wanted).StatementsFrom(p.Now, isSuperuser))];

    /// <summary>Default privileges alone.</summary>
    public IReadOnlyList<RightsStatement> DefaultsTo(ObjectRights wanted, bool isSuperuser) =>
        [.. Pairs(wanted).Where(p => p.Wanted.Head.Length > 0).SelectMany(p => p.Wanted.StatementsFrom(p.Now, isSuperuser))];

    /// <summary>How these rights are others than those that are wanted, one line for each object.</summary>
    public IReadOnlyList<(string Key, string Text)> DifferencesTo(ObjectRights wanted, RightsWords words) =>
        [.. Pairs(wanted).Select(p => (p.Wanted.Key, p.Wanted.DifferenceTo(p.Now, words))).Where(d => d.Item2.Length > 0)];

    /// <summary>Each with what is there now. What is not is no matter, unless it is something that is always there.</summary>
    IEnumerable<(Entry Wanted, Entry Now)> Pairs(ObjectRights wanted)
    {
        foreach (var (key, entry) in wanted._entries)
        {
            if (_entries.TryGetValue(key, out var now))
                yield return (entry, now);
            else if (entry.Otherwise is { } otherwise && (entry.Column is null || _entries.ContainsKey(entry.OfTable)))
                yield return (entry, entry with { Privileges = otherwise });
        }
        foreach (var (key, now) in _entries)
        {
            if (!wanted._entries.ContainsKey(key) && now.Otherwise is { } otherwise
                && (now.Column is null || wanted._entries.ContainsKey(now.OfTable)))
                yield return (now with { Privileges = otherwise }, now);
        }
    }

    static readonly string Query = EmbeddedText.Read("object_rights.sql");

    /// <param name="Grantee">Null for everybody.</param>
    sealed record Privilege(string? Grantee, string Name, bool IsGrantable, string Grantor)
    {
        public static IReadOnlySet<Privilege> Parse(string? json)
        {
            if (json is null)
                return new HashSet<Privilege>();
            using var list = JsonDocument.Parse(json);
            return list.RootElement.EnumerateArray()
                .Select(p => new Privilege(p[0].GetString(), p[1].GetString()!, p[2].GetBoolean(), p[3].GetString()!)).ToHashSet();
        }

        public override string ToString() => $"{Name} {(IsGrantable ? "with grant option " : "")}for {Grantee ?? "PUBLIC"}";
    }

    sealed record Entry(
        string Head, string Name, string? Column, string? Altered, string Owner, int Rank, IReadOnlySet<Privilege> Privileges,
        IReadOnlySet<Privilege>? Otherwise)
    {
        /// <summary>The columns of object_rights.sql. What was dropped meanwhile has no name any more.</summary>
        public static Entry Of(Row row) => new(
            row.Text(0), row.TextOrNull(1) ?? "", row.TextOrNull(2), row.TextOrNull(3), row.Text(4), row.Int(5),
            Privilege.Parse(row.TextOrNull(6)), row.TextOrNull(7) is { } otherwise ? Privilege.Parse(otherwise) : null);

        public string Key => $"{Head}{Name}{(Column is null ? "" : $" ({Column})")}";

        public string OfTable => $"{Head}{Name}";

        public IEnumerable<RightsStatement> StatementsFrom(Entry now, bool isSuperuser)
        {
            // A new owner gets what the old one had: what remains is another round's.
            if (now.Owner != Owner && Altered is not null)
                return [new($"ALTER {Altered} OWNER TO {Sql.Identifier(Owner)}", null, Key) { ChangesOwner = true }];
            if (now.Owner != Owner)
                return OwnedBy(now.Owner).StatementsFrom(now, isSuperuser);
            if (now.Privileges.SetEquals(Privileges))
                return [];
            // Who is no superuser could not read what he has just loaded.
            var gone = now.Privileges.Except(Privileges).Where(p => isSuperuser || p.Grantee != Owner || p.Name != "SELECT");
            // Those that others depend on take them along, so all are granted again.
            return [.. Statements(gone, isGrant: false), .. Statements(InOrder(), isGrant: true)];
        }

        /// <summary>The same rights with another owner, who grants now; the one who is not the owner then keeps what he could do.</summary>
        public Entry OwnedBy(string owner)
        {
            if (owner == Owner || Head.Length > 0)
                return this;
            var privileges = Privileges.Select(p => p.Grantor == Owner ? p with { Grantor = owner } : p).ToHashSet();
            if (Otherwise is null)
                privileges.UnionWith(Privileges.Where(p => p.Grantee == Owner).Select(p => p with { Grantee = owner, Grantor = owner }));
            return this with { Owner = owner, Privileges = privileges };
        }

        public string DifferenceTo(Entry now, RightsWords words)
        {
            var changes = new List<string>();
            if (now.Owner != Owner)
                changes.Add(string.Format(CultureInfo.InvariantCulture, words.Owners, Owner, now.Owner));
            var (wanted, found) = (OwnedBy(now.Owner).Privileges.ToList(), now.Privileges.ToList());
            if (now.Owner != Owner && words.OwnersTellTheirRights)
            {
                wanted.RemoveAll(p => p.Grantee == Owner || p.Grantee == now.Owner);
                found.RemoveAll(p => p.Grantee == Owner || p.Grantee == now.Owner);
            }
            var (gone, come) = (wanted.Except(found).ToList(), found.Except(wanted).ToList());
            if (gone.Count > 0)
                changes.Add($"{words.Lost} {string.Join(", ", gone)}{Grantors(gone)}");
            if (come.Count > 0)
                changes.Add($"{words.Gained} {string.Join(", ", come)}{Grantors(come)}");
            return string.Join("; ", changes);
        }

        string Grantors(IReadOnlyList<Privilege> privileges) =>
            privileges.Select(p => p.Grantor).Where(g => g != Owner).Distinct().ToList() is { Count: > 0 } others
                ? $" (granted by {string.Join(", ", others)})"
                : "";

        /// <summary>Who grants what he was granted has to have it first.</summary>
        IEnumerable<Privilege> InOrder()
        {
            var (left, may) = (Privileges.ToList(), new HashSet<(string, string)>());
            while (left.Count > 0)
            {
                var next = left.Where(p => p.Grantor == Owner || may.Contains((p.Grantor, p.Name))).ToList();
                if (next.Count == 0)
                    next = left;
                foreach (var privilege in next)
                {
                    yield return privilege;
                    if (privilege is { IsGrantable: true, Grantee: { } grantee })
                        may.Add((grantee, privilege.Name));
                }
                left = [.. left.Except(next)];
            }
        }

        IEnumerable<RightsStatement> Statements(IEnumerable<Privilege> privileges, bool isGrant)
        {
            // In their order: whoever comes first goes first.
            foreach (var group in privileges.GroupBy(p => (p.Grantee, p.IsGrantable, p.Grantor)))
            {
                var names = string.Join(", ", group.Select(p => p.Name + (Column is null ? "" : $" ({Sql.Identifier(Column)})")));
                var grantee = group.Key.Grantee is { } role ? Sql.Identifier(role) : "PUBLIC";
                yield return new(
                    isGrant ? $"{Head}GRANT {names} ON {Name} TO {grantee}{(group.Key.IsGrantable ? " WITH GRANT OPTION" : "")}"
                        : $"{Head}REVOKE {names} ON {Name} FROM {grantee} CASCADE",
                    group.Key.Grantor == Owner ? null : group.Key.Grantor, Key);
            }
        }
    }
}

/// <param name="As">The role that has to do it; null for whoever may.</param>
/// <param name="Key">Whose rights it changes.</param>
sealed record RightsStatement(string Text, string? As, string Key)
{
    public bool ChangesOwner { get; init; }
}

/// <summary>How a difference of rights is told.</summary>
/// <param name="Owners">Has places for two owners, the wanted one first.</param>
/// <param name="OwnersTellTheirRights">What an owner may do goes without saying where another one is told.</param>
sealed record RightsWords(string Owners, string Lost, string Gained, bool OwnersTellTheirRights = false)
{
    public static RightsWords BeforeAndNow { get; } = new("owned by {1}, before by {0}", "lost", "gained");
    public static RightsWords OfSides { get; } =
        new("owned by {0} on the source, by {1} on the target", "only on the source:", "only on the target:", OwnersTellTheirRights: true);
}
