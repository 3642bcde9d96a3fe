using System.Text;
using BackupSync.Backups;

namespace BackupSync.Tests.Backups;

[Trait("Needs", "nothing")]
public sealed class BackupNamesTests : IDisposable
{
    readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData(BackupKind.Source, "source_db_backup_20251018_060012.dump")]
    [InlineData(BackupKind.Safety, "neon_safety_backup_20251018_060012.dump")]
    [InlineData(BackupKind.Manual, "neon_manual_backup_20251018_060012.dump")]
    [InlineData(BackupKind.Plan, "neon_backup_20251018_060012.dump")]
    public void Names_are_those_that_operators_know(BackupKind kind, string expected) => Assert.Equal(expected, Name(kind, "neon"));

    [Fact]
    public void The_time_is_utc() =>
        Assert.EndsWith("_20251018_060012.dump", Path.GetFileName(
            BackupNames.Next(
                _temp.Path, BackupKind.Source, "neon", BackupSamples.Morning.ToOffset(TimeSpan.FromHours(-7)))), StringComparison.Ordinal);

    [Theory]
    [InlineData("a/b\\c:d*e?f\"g<h>i|j k\n\0", "a_b_c_d_e_f_g_h_i_j_k__")]
    [InlineData("../../etc", "_.._etc")]
    [InlineData("-rf", "rf")]
    [InlineData("Größe-測試.2", "Größe-測試.2")]
    [InlineData("..", "database")]
    [InlineData("", "database")]
    public void What_file_systems_do_not_take_is_replaced(string database, string expected) =>
        Assert.Equal($"{expected}_safety_backup_20251018_060012.dump", Name(BackupKind.Safety, database));

    [Fact]
    public void Half_a_character_is_replaced() =>
        Assert.Equal("a_b_safety_backup_20251018_060012.dump", Name(BackupKind.Safety, "a\ud800b"));

    [Fact]
    public void A_long_name_still_fits_a_file_system()
    {
        var path = BackupNames.Next(_temp.Path, BackupKind.Safety, new string('測', 200), BackupSamples.Morning);

        Assert.True(Encoding.UTF8.GetByteCount(Path.GetFileName(path) + ".json.partial") < 255);
        File.WriteAllText(path + ".json.partial", "");
    }

    [Fact]
    public void Encrypted_ones_and_their_companions_are_named_so()
    {
        var path = BackupNames.Next(_temp.Path, BackupKind.Plan, "auth", BackupSamples.Morning, encrypted: true);

        Assert.Equal(_temp.File("auth_backup_20251018_060012.dump.enc"), path);
        Assert.Equal(path + ".globals.sql.enc", BackupNames.GlobalsOf(path));
        Assert.Equal("a.dump.globals.sql", BackupNames.GlobalsOf("a.dump"));
        _temp.Write("auth_backup_20251018_060012.dump.enc.globals.sql.enc", "");
        Assert.Equal(
            _temp.File("auth_backup_20251018_060012_2.dump.enc"),
            BackupNames.Next(_temp.Path, BackupKind.Plan, "auth", BackupSamples.Morning, encrypted: true));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".partial")]
    [InlineData(".json")]
    [InlineData(".json.partial")]
    [InlineData(".globals.sql")]
    [InlineData(".globals.sql.partial")]
    public void A_name_that_is_taken_is_not_given_again(string suffix)
    {
        _temp.Write("source_db_backup_20251018_060012.dump" + suffix, "");
        Assert.Equal("source_db_backup_20251018_060012_2.dump", Name(BackupKind.Source, "railway"));

        _temp.Write("source_db_backup_20251018_060012_2.dump", "");
        Assert.Equal("source_db_backup_20251018_060012_3.dump", Name(BackupKind.Source, "railway"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".json")]
    [InlineData(".globals.sql")]
    public void A_name_that_is_taken_elsewhere_is_not_given_either(string suffix) => Assert.Equal(
        _temp.File("neon_backup_20251018_060012_2.dump"),
        BackupNames.Next(
            _temp.Path,
            BackupKind.Plan,
            "neon",
            BackupSamples.Morning,
            elsewhere: new HashSet<string> { "neon_backup_20251018_060012.dump" + suffix }));

    string Name(BackupKind kind, string database)
    {
        var path = BackupNames.Next(_temp.Path, kind, database, BackupSamples.Morning);
        Assert.Equal(_temp.Path, Path.GetDirectoryName(path));
        return Path.GetFileName(path);
    }
}
