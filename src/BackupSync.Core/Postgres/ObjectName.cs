namespace BackupSync.Postgres;

/// <summary>A table, a sequence, or what else is in a schema, by its name in full. Two are the same only where every letter is.</summary>
public readonly record struct ObjectName(string Schema, string Name)
{
    /// <summary>What messages show, and the key of what is told of it in manifests, results and the history.</summary>
    public string Display => Sql.Display(Schema, Name);

    /// <summary>For statements.</summary>
    public string Qualified => Sql.Qualified(Schema, Name);

    /// <summary>As people write it who need no quotes.</summary>
    public string Plain => $"{Schema}.{Name}";

    /// <summary>The name as a <c>regclass</c>, for queries that ask the catalog of a relation that is there.</summary>
    public string AsRelation => $"{Sql.Literal(Qualified)}::pg_catalog.regclass";

    public override string ToString() => Display;

    /// <summary>The name behind a key, which is what <see cref="Display"/> shows: where a manifest has nothing else.</summary>
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
