using System.Security.Cryptography;
using System.Text;

namespace BackupSync.Postgres;

/// <summary>
/// Names by which a run's sessions and databases are known, so that a later run on the same target can tell what a dead
/// one left: it holds the target's lock, so whatever carries the target's key and another run's id belongs to nobody.
/// </summary>
sealed class RunTag
{
    readonly string _sessionKey;
    readonly string _databaseKey;

    public RunTag(DatabaseAddress target, string runId)
    {
        RunId = runId;
        // Sessions on the source may serve targets on many servers, so theirs names the server too; and the machine, for
        // "localhost" is another server on each. (What another machine's dead run left ends by itself: the server finds its
        // client gone within a minute.) Databases beside the target are on the target's server, whatever its address.
        _sessionKey = Hash($"{Environment.MachineName} {target.Host}:{target.Port}/{target.Database}");
        _databaseKey = Hash(target.Database);
        // Advisory locks take a 64-bit key.
        LockKey = BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes("backupsync target " + target.Database)));
    }

    public string RunId { get; }

    /// <summary>The key of the target's advisory lock: the same for every run on a database of this name.</summary>
    public long LockKey { get; }

    /// <summary>The application name of this run's sessions.</summary>
    public string ApplicationName => SessionPrefix + RunId;

    /// <summary>How the application names of all runs on this target begin.</summary>
    public string SessionPrefix => $"backupsync:{_sessionKey}:";

    /// <summary>The database that is restored into before it is published.</summary>
    public string NewDatabase => NewPrefix + RunId;

    /// <summary>What was published before, until the run has ended well.</summary>
    public string OldDatabase => OldPrefix + RunId;

    /// <summary>What a target that is not there is called until it is published under its name.</summary>
    public string StandIn => StandInBeside(OldDatabase);

    public string NewPrefix => $"backupsync_new_{_databaseKey}_";
    public string OldPrefix => $"backupsync_old_{_databaseKey}_";

    /// <summary>The <see cref="StandIn"/> of the run that put this one aside.</summary>
    public string StandInBeside(string oldDatabase) => $"{NewPrefix}{oldDatabase[OldPrefix.Length..]}_target";

    public static string NewRunId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));

    static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8];
}
