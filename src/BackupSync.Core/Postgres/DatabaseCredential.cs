namespace BackupSync.Postgres;

/// <summary>Who signs in to a database, beside the address that says where it is.</summary>
public sealed record DatabaseCredential(string User, Secret Password);
