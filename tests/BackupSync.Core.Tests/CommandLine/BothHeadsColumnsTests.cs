using System.Runtime.CompilerServices;
using System.Xml.Linq;
using BackupSync.Cli.Display;

namespace BackupSync.Tests.CommandLine;

/// <summary>
/// What one head shows of a result in a table, the other shows, too: the same columns in the same order, with the same alignment. What
/// belongs to one head stands here with the reason; what stands here and is no longer so, fails as well.
/// </summary>
[Trait("Needs", "nothing")]
public sealed class BothHeadsColumnsTests
{
    /// <param name="Type">The view's, in the module.</param>
    /// <param name="Columns">Those of the command line.</param>
    /// <param name="Renamed">Each as <c>view=table</c>: PowerShell's tables name properties, to select and sort by.</param>
    sealed record Shown(string Type, string[] Columns, params string[] Renamed);

    static readonly Shown[] Both =
    [
        new("BackupSync.Runs.RunResult", Tables.OfRuns),
        new("BackupSync.Runs.StepResult", Tables.OfSteps, "Note=What it did"),
        new("BackupSync.Runs.TableResult", Tables.OfContent),
        new("BackupSync.Runs.TableChanges", Tables.OfChanges, "Reason=Why"),
        new("BackupSync.Runs.PlannedStep", Tables.OfPlan, "Description=What it would do"),
        new("BackupSync.Application.ConnectionTestResult", Tables.OfConnections),
        new("BackupSync.Comparison.ComparedItem", Tables.OfComparison),
        new("BackupSync.Backups.BackupFile", [.. BackupTables.Headings, "File"]),
        new("BackupSync.Operations.Expire.RetentionDecision", BackupTables.OfRetention, "Reason=Why"),
    ];

    static readonly (string Type, string Why, string[] Columns)[] OfOneHead =
    [
        ("BackupSync.Runs.TableResult", "one view for both modes; of changes it has what is asked most, and the property Changes has all",
            ["Way", ">Inserted", ">Updated", ">Deleted", ">Unchanged", ">Read"]),
        ("BackupSync.Runs.TableChanges", "they are in the object that holds the changes", ["Table", ">Rows", "Verified"]),
        ("BackupSync.Operations.Expire.RetentionDecision", "each place has a heading of its own", ["Place"]),
    ];

    static readonly (string Type, string Why)[] ViewsAlone =
    [
        ("BackupSync.Comparison.RowDifference", "a line for each row as it is found, and there may be millions"),
        ("BackupSync.Configuration.JobConfig", "no command shows what the file says"),
        ("BackupSync.Configuration.DatabaseConfig", "no command shows what the file says"),
        ("BackupSync.Configuration.BackupPlanConfig", "no command shows what the file says"),
        ("BackupSync.Configuration.FolderPlaceConfig", "no command shows what the file says"),
        ("BackupSync.Configuration.S3PlaceConfig", "no command shows what the file says"),
        ("BackupSync.Configuration.BackupSyncConfig", "no command shows what the file says"),
        ("BackupSync.Configuration.ConfigurationProblem", "a line, as compilers write it, in both heads"),
    ];

    public static TheoryData<string> Types => [.. Both.Select(b => b.Type)];

    [Fact]
    public void Every_view_is_compared() => Assert.Equal(
        Views().Keys.Order(StringComparer.Ordinal),
        Both.Select(b => b.Type).Concat(ViewsAlone.Select(v => v.Type)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Types))]
    public void Columns_are_the_same(string type)
    {
        var shown = Both.Single(b => b.Type == type);
        var alone = OfOneHead.Where(o => o.Type == type).SelectMany(o => o.Columns).ToList();
        var renamed = shown.Renamed.Select(r => r.Split('=')).ToDictionary(r => r[0], r => r[1]);
        var view = Views()[type].Select(c => c.Heading).ToList();

        Assert.Equal(
            view.Except(alone).Select(c => renamed.GetValueOrDefault(c, c)),
            shown.Columns.Except(alone));
        Assert.All(alone, c => Assert.True(view.Contains(c) != shown.Columns.Contains(c), c));
        Assert.All(renamed.Keys, c => Assert.Contains(c, view));
    }

    /// <summary>Sizes, durations, moments and numbers are in the units that the command line has.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Units_are_the_same(string type) => Assert.All(Views()[type], column => Assert.Contains(column.Heading switch
    {
        ">Size" or ">Backup" or ">Safety" or ">Read" => "'BackupSync.ByteSizes')::Show(",
        ">Duration" or ">Limit" or ">Age" => "'BackupSync.Durations')::Show(",
        ">Latency" => ".ToString('0.0', [cultureinfo]::InvariantCulture) + ' ms'",
        ">Connections" => "\"$($_.ConnectionsUsed)/$($_.ConnectionsLimit)\"",
        ['>', ..] => ".ToString('N0', [cultureinfo]::InvariantCulture)",
        [.., '(', 'U', 'T', 'C', ')'] => ".UtcDateTime.ToString('yyyy-MM-dd HH:mm:ss', [cultureinfo]::InvariantCulture)",
        _ => "",
    }, column.Value, StringComparison.Ordinal));

    /// <summary>Each type's columns, as the command line writes headings, and what fills them.</summary>
    static Dictionary<string, List<(string Heading, string Value)>> Views([CallerFilePath] string here = "") =>
        XDocument.Load(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "module", "BackupSync.Format.ps1xml"))
            .Descendants("View").ToDictionary(
                v => v.Descendants("TypeName").Single().Value,
                v => v.Descendants("TableColumnHeader").Select(Heading)
                    .Zip(v.Descendants("TableColumnItem").Select(i => i.Value)).ToList());

    static string Heading(XElement header) => (header.Element("Alignment")?.Value == "Right" ? ">" : "") + header.Element("Label")!.Value;
}
