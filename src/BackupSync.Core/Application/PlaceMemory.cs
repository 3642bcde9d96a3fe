using BackupSync.Backups;
using BackupSync.Configuration;
using BackupSync.Files;
using BackupSync.Operations;
using BackupSync.Places;

namespace BackupSync.Application;

/// <summary>A backup that a place was given, by its name.</summary>
sealed record GivenBackup(string File, DateTimeOffset Created);

/// <summary>What is remembered of a place, for a plan and one of its databases.</summary>
/// <param name="Last">The newest backup that it was given; clean-ups never remove the newest good one.</param>
/// <param name="Lost">The newest that was not there any more when the next one was taken; null where none was missed.</param>
/// <param name="Noticed">When that was noticed.</param>
sealed record PlaceNote(GivenBackup Last, GivenBackup? Lost, DateTimeOffset? Noticed);

/// <summary>
/// Which backup each place of a plan was given last, in <c>places.json</c> of the state folder: the place itself cannot tell that its files
/// were deleted, or that its disk is not mounted and the folder was made anew, for its records went with them.
/// </summary>
sealed class PlaceMemory(string stateFolder)
{
    /// <summary>How long a loss is told when the place has got backups again.</summary>
    static readonly TimeSpan Told = TimeSpan.FromDays(7);

    readonly StateFile<Dictionary<string, PlaceNote>> _file = new(Path.Combine(stateFolder, "places.json"));

    /// <summary>Looks at a plan's places before a backup is brought there, and remembers what is missing.</summary>
    /// <returns>What to warn of. A place that cannot be looked at says nothing: the run itself will tell.</returns>
    public async Task<IReadOnlyList<string>> LookAsync(BackupOrder order, string database, CancellationToken cancellationToken)
    {
        try
        {
            var notes = _file.Read();
            var plan = order.Settings.Job;
            List<(PlaceConfig Place, PlaceNote Note)> remembered = [.. order.Places
                .Select(p => (Place: p, Note: notes.GetValueOrDefault(KeyOf(p, plan, database))!)).Where(r => r.Note is not null)];
            var areLost = await Task.WhenAll(
                remembered.Select(r => IsLostAsync(r.Place, plan, database, r.Note, cancellationToken)));
            List<(PlaceConfig Place, PlaceNote Note)> lost = [.. remembered.Zip(areLost).Where(r => r.Second).Select(r => r.First)];
            foreach (var (place, note) in lost)
                Change(place, order, database, _ => note with { Lost = note.Last, Noticed = order.Clock.GetUtcNow() });
            return [.. lost.Select(l => $"{Sentence(l.Place, plan, l.Note.Last)}.")];
        }
        catch (Exception e) when (e is BackupSyncException or OperationCanceledException)
        {
            return [];
        }
    }

    /// <summary>Remembers what all places of a plan have now. What cannot be written is looked for the next time.</summary>
    public void Remember(BackupOrder order, BackupFile taken)
    {
        try
        {
            foreach (var place in order.Places)
            {
                var given = new GivenBackup(taken.FileName, taken.Created);
                Change(place, order, taken.Database, there => new PlaceNote(given, there?.Lost, there?.Noticed));
            }
        }
        catch (BackupSyncException)
        {
            // A state folder that is read-only: losses are not told then, and backups are taken all the same.
        }
    }

    /// <summary>Why a place is not as it was, from what it has now.</summary>
    /// <param name="here">The plan's backups of the database in that place.</param>
    public IEnumerable<string> Losses(PlaceConfig place, string plan, string database, IReadOnlyList<BackupFile> here, DateTimeOffset now)
    {
        if (!_file.Read().TryGetValue(KeyOf(place, plan, database), out var note))
            yield break;
        bool IsGone(GivenBackup given) => !here.Any(b => b.FileName == given.File);
        if (IsGone(note.Last) && !here.Any(b => b.Created > note.Last.Created))
            yield return Sentence(place, plan, note.Last);
        else if (note is { Lost: { } lost, Noticed: { } noticed } && now - noticed < Told && IsGone(lost))
            yield return $"the place {place.Name} had lost its backups by the plan {plan}, of {StatusFacts.Shown(lost.Created)} and "
                + $"before, when it was given the next one at {StatusFacts.Shown(noticed)}";
    }

    static string Sentence(PlaceConfig place, string plan, GivenBackup last) =>
        $"the place {place.Name} has lost {last.File}, the newest that the plan {plan} has brought there"
            + (place is FolderPlaceConfig { Directory: var folder } ? $": see whether the disk of {folder} is mounted" : "");

    static async Task<bool> IsLostAsync(
        PlaceConfig place, string plan, string database, PlaceNote note, CancellationToken cancellationToken)
    {
        await using (var opened = BackupPlaces.Open(place))
        await using (var manifest = await opened.OpenAsync($"{database}/{note.Last.File}{ManifestStore.Suffix}", cancellationToken))
        {
            if (manifest is not null)
                return false;
        }
        // Another machine that follows the same plan may have taken a newer one, and removed this by the rules.
        return !(await BackupStore.ListAsync(place, warn: null, cancellationToken, [database]))
            .Any(b => b.Job == plan && b.Created > note.Last.Created);
    }

    /// <param name="change">Given null where nothing is remembered yet.</param>
    void Change(PlaceConfig place, BackupOrder order, string database, Func<PlaceNote?, PlaceNote> change) => _file.Change(all =>
    {
        var key = KeyOf(place, order.Settings.Job, database);
        all[key] = change(all.GetValueOrDefault(key));
        return all;
    });

    static string KeyOf(PlaceConfig place, string plan, string database) => $"{place.Name}/{plan}/{database}";
}
