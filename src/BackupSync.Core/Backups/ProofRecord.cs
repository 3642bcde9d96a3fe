using System.Text.Json.Serialization;
using BackupSync.Configuration;

namespace BackupSync.Backups;

/// <summary>What a proof found out about a backup.</summary>
public enum ProofVerdict
{
    Good,

    /// <summary>The file itself is to blame: it is damaged, or lacks or alters what its manifest says.</summary>
    Bad,

    /// <summary>The file is whole, but what it takes to restore it on trial was not there. It can be restored for all that.</summary>
    NotProven,
}

/// <summary>The last verdict on a backup; of one that could not be proven again, the last verdict there was.</summary>
/// <param name="How">Read to its end (integrity) or restored on trial (drill).</param>
/// <param name="Time">When it ended, in UTC.</param>
/// <param name="DurationSeconds">A drill's: how long bringing the database back took.</param>
/// <param name="RtoMet">Whether that is within the tier's RTO; null where it has none.</param>
/// <param name="RpoMet">Whether the data was young enough; null where the tier has no RPO.</param>
/// <param name="Problem">Why it is bad or was not proven; null where it is good.</param>
public sealed record ProofRecord(BackupProof How, DateTimeOffset Time, double DurationSeconds, bool? RtoMet, bool? RpoMet, string? Problem)
{
    readonly ProofVerdict? _verdict;

    /// <remarks>
    /// Before there were three, a drill's failure might have been its surroundings'. What is damaged is found when it is opened, so
    /// nothing is lost if such a backup is offered again.
    /// </remarks>
    public ProofVerdict Verdict
    {
        get => _verdict ?? (Problem is null ? ProofVerdict.Good : How == BackupProof.Integrity ? ProofVerdict.Bad : ProofVerdict.NotProven);
        init => _verdict = value;
    }

    /// <summary>When it was last restored on trial, in UTC; null where it only was read.</summary>
    public DateTimeOffset? Restored { get; init; }

    /// <summary>The version of the server that was on, such as <c>18.6</c>.</summary>
    public string? RestoredInto { get; init; }

    /// <summary>
    /// The place that it was read in; null in a job's own directory. Copies have the proof of what they were copied from, whose bytes they
    /// are: that they still are there, a proof in their own place tells.
    /// </summary>
    public string? Place { get; init; }

    /// <summary>Likewise, where it was read to be restored on trial.</summary>
    public string? RestoredFrom { get; init; }

    /// <summary>A later proof that came to no verdict; null where there was none since.</summary>
    public ProofAttempt? Attempt { get; init; }

    [JsonIgnore]
    public bool Good => Verdict == ProofVerdict.Good;

    [JsonIgnore]
    public bool Bad => Verdict == ProofVerdict.Bad;

    /// <summary>
    /// What a person reads of it: <c>restored 18.6, 2 h ago</c>, <c>read, 2 h ago</c>, <c>not proven here, 2 h ago</c> or <c>BAD, 2 h
    /// ago</c>. Of a copy, where that was: <c>restored 18.6 in local, 2 h ago</c>.
    /// </summary>
    /// <param name="place">The place of the backup that has it.</param>
    public string Describe(DateTimeOffset now, string? place = null)
    {
        var verdict = Verdict switch
        {
            ProofVerdict.Bad => $"BAD{In(Place)}, {Ago(Time)}",
            ProofVerdict.NotProven => $"not proven here, {Ago(Time)}",
            _ when How == BackupProof.Integrity => Restored is { } before
                ? $"{Into}{In(RestoredFrom)}, {Ago(before)}; read{In(Place)}, {Ago(Time)}"
                : $"read{In(Place)}, {Ago(Time)}",
            _ => $"{Into}{In(RestoredFrom)}, {Ago(Time)}",
        };
        return Attempt is null ? verdict : $"{verdict}; not proven here, {Ago(Attempt.Time)}";

        string In(string? where) => where is null || place is null || where == place ? "" : $" in {where}";

        string Ago(DateTimeOffset then) => (now - then) switch
        {
            { TotalMinutes: < 1 } => "just now",
            { TotalHours: < 1 } age => $"{(int)age.TotalMinutes} min ago",
            { TotalDays: < 2 } age => $"{(int)age.TotalHours} h ago",
            var age => $"{(int)age.TotalDays} d ago",
        };
    }

    /// <summary>As <see cref="Describe"/>, now.</summary>
    public override string ToString() => DescribeIn(place: null);

    internal string DescribeIn(string? place) => Describe(DateTimeOffset.UtcNow, place);

    string Into => RestoredInto is null ? "restored" : $"restored {RestoredInto}";

    /// <summary>This one after another: what that knew, and this one does not, is kept.</summary>
    internal ProofRecord After(ProofRecord? earlier) => earlier switch
    {
        null => this,
        _ when Verdict == ProofVerdict.NotProven && earlier.Verdict != ProofVerdict.NotProven =>
            earlier with { Attempt = new ProofAttempt(How, Time, Problem!) },
        _ when Good && How == BackupProof.Integrity && earlier.Good =>
            this with
            {
                Restored = earlier.Restored ?? (earlier.How == BackupProof.Drill ? earlier.Time : null),
                RestoredInto = earlier.RestoredInto,
                RestoredFrom = earlier.RestoredFrom ?? (earlier.How == BackupProof.Drill ? earlier.Place : null),
            },
        _ => this,
    };
}

/// <param name="Time">When it ended, in UTC.</param>
/// <param name="Why">Why it came to no verdict.</param>
public sealed record ProofAttempt(BackupProof How, DateTimeOffset Time, string Why);
