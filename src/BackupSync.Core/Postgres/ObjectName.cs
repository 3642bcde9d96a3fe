namespace BackupSync.Postgres;

/// <summary>A table, a sequence, or what else is in a schema, by its name in full. Two are the same only where every letter is.</summary>
readonly record struct ObjectName(string Schema, string Name)
{
    /// <summary>What messages show, and the key of what is told of it in manifests, results and the history.</summary>
    public string Display => $"{Sql.Display(Schema)}.{Sql.Display(Name)}";

    /// <summary>For statements.</summary>
    public string Qualified => $"{Sql.Identifier(Schema)}.{Sql.Identifier(Name)}";

    /// <summary>As people write it who need no quotes.</summary>
    public string Plain => $"{Schema}.{Name}";

    /// <summary>The name as a <c>regclass</c>, for queries that ask the catalog of a relation that is there.</summary>
    public string AsRelation => $"{Sql.Literal(Qualified)}::pg_catalog.regclass";

    /// <summary>A pattern with a schema is meant for that one, one without it for what is in any.</summary>
    internal bool Matches(string pattern) => NamePattern.Matches(Name, pattern) || NamePattern.Matches(Plain, pattern);

    public override string ToString() => Display;

    /// <summary>
    /// The name behind what <see cref="Display"/> shows, or a server writes in full: where nothing else is known, as of keys in a manifest.
    /// </summary>
    public static ObjectName OfKey(string key)
    {
        var quoted = false;
        for (var i = 0; i < key.Length; i++)
        {
            if (key[i] == '"')
                quoted = !quoted;
            else if (key[i] == '.' && !quoted)
                return new(Sql.Bare(key[..i]), Sql.Bare(key[(i + 1)..]));
        }
        throw new ArgumentException($"'{key}' is not a name with its schema.", nameof(key));
    }
}
