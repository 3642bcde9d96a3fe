using BackupSync.Application;
using BackupSync.Operations.Compare;

namespace BackupSync.Tests.Verification;

/// <summary>The same text, in databases that sort it otherwise: no row differs, and queries answer otherwise all the same.</summary>
public sealed class DatabaseLocaleTests
{
    [SkippableTheory, MemberData(nameof(VersionedServers.Each), MemberType = typeof(VersionedServers))]
    public async Task That_the_default_collations_are_others_is_a_note_of_compare(int major)
    {
        var server = await VersionedServers.GetAsync(major);
        await using var scenario = await Scenario.CreateAsync(server, server);
        var sorted = scenario.Target.Database + "_icu";
        await scenario.OnTargetAsync(
            $"CREATE DATABASE {sorted} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-u-kn' LOCALE 'C.UTF-8'");
        try
        {
            Assert.DoesNotContain(await NotesAsync(scenario.Target.Database), n => n.Contains("by default", StringComparison.Ordinal));

            Assert.Contains(await NotesAsync(sorted), n => n.StartsWith(
                "text sorts and compares otherwise by default: the locale providers ",
                StringComparison.Ordinal) && n.EndsWith(" and i", StringComparison.Ordinal));
        }
        finally
        {
            await scenario.OnTargetAsync($"DROP DATABASE {sorted}");
        }

        async Task<IReadOnlyList<string>> NotesAsync(string target)
        {
            scenario.WriteTo(scenario.Target.WithDatabase(target));
            return (await ComparisonRunner.RunAsync(
                scenario.Job.SourceDatabase,
                scenario.Job.TargetDatabase,
                new ComparisonOptions(),
                null,
                null,
                default)).Notes;
        }
    }
}
