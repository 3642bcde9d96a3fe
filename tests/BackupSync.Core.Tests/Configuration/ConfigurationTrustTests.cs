using BackupSync.Configuration;
using BackupSync.PgTools;
using BackupSync.Tests.Files;

namespace BackupSync.Tests.Configuration;

/// <summary>A configuration names programs to run: one that others can write is not read.</summary>
[Trait("Needs", "nothing")]
public sealed class ConfigurationTrustTests : IDisposable
{
    const string Valid = "databases: { a: { url: \"postgresql://h/a\" } }\n";
    const UnixFileMode Others = UnixFileMode.OtherWrite;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static string? FaultOf(string path) => ConfigurationFile.Check(path).SingleOrDefault()?.Message;

    [SkippableFact]
    public async Task Somebody_elses_file_is_refused_wherever_it_is()
    {
        using var shared = OtherUser.SharedFolder();
        var file = shared.File("backupsync.yml");
        await OtherUser.DoesAsync($"echo '{Valid.Trim()}' > {file}");

        Assert.StartsWith($"belongs to nobody, who could have any program run as root: it is not used. ", FaultOf(file));
        Assert.EndsWith($"chown root {file}", FaultOf(file));
        Assert.Throws<ConfigurationException>(() => ConfigurationFile.Load(file));
    }

    [SkippableFact]
    public async Task A_folder_or_a_link_of_somebody_else_on_the_way_is_refused()
    {
        using var shared = OtherUser.SharedFolder();
        await OtherUser.DoesAsync($"mkdir -m 755 {shared.File("theirs")}; ln -s {_folder.Path} {shared.File("link")}");
        _folder.Write("backupsync.yml", Valid);
        var file = shared.Write("theirs/backupsync.yml", Valid);

        Assert.StartsWith($"stands in {shared.File("theirs")}, which belongs to nobody", FaultOf(file));
        Assert.StartsWith($"stands in {shared.File("link")}, which belongs to nobody", FaultOf(shared.File("link/backupsync.yml")));
        Assert.Null(FaultOf(_folder.File("backupsync.yml")));
    }

    [SkippableFact]
    public void A_file_or_a_folder_that_others_can_write_is_refused_and_the_sticky_bit_protects()
    {
        var file = _folder.Write("open/backupsync.yml", Valid);
        var folder = _folder.File("open");
        Assert.Null(FaultOf(file));

        Mode.Set(file, Mode.Everybody | Others);
        Assert.Equal($"others can write (mode 0646), so they could have any program run as {Environment.UserName}: it is not used. "
            + $"Look through it, and close it to them: chmod go-w {file}", FaultOf(file));
        Mode.Set(file, Mode.Everybody);

        Mode.Set(folder, Mode.OwnerFolder | Others);
        Assert.StartsWith($"stands in {folder}, which others can write (mode 0702)", FaultOf(file));
        Mode.Set(folder, Mode.OwnerFolder | Others | UnixFileMode.StickyBit);
        Assert.Null(FaultOf(file));
    }

    [SkippableFact]
    public void What_a_link_leads_to_is_looked_at_with_all_that_is_above_it()
    {
        var file = _folder.Write("open/below/real.yml", Valid);
        Mode.Set(_folder.File("open"), Mode.OwnerFolder | Others);
        File.CreateSymbolicLink(_folder.File("backupsync.yml"), file);
        Directory.CreateSymbolicLink(_folder.File("way"), _folder.File("open/below"));

        Assert.StartsWith($"stands in {_folder.File("open")}, which others can write", FaultOf(_folder.File("backupsync.yml")));
        Assert.StartsWith($"stands in {_folder.File("open")}, which others can write", FaultOf(_folder.File("way/real.yml")));
    }

    [SkippableFact]
    public async Task A_group_may_write_where_nobody_else_is_in_it()
    {
        OtherUser.Needed();
        var file = _folder.Write("backupsync.yml", Valid);
        Mode.Set(file, Mode.OwnerFile | UnixFileMode.GroupWrite);
        Assert.Null(FaultOf(file));

        await RunAsync("chgrp", "nogroup", file);
        Assert.StartsWith("others can write (mode 0620)", FaultOf(file));
    }

    [SkippableFact]
    public async Task It_is_looked_for_upwards_only_as_far_as_the_folders_are_the_users_own()
    {
        OtherUser.Needed();
        _folder.Write("backupsync.yml", Valid);
        var below = Directory.CreateDirectory(_folder.File("a/b")).FullName;
        Assert.Equal(_folder.File("backupsync.yml"), ConfigurationFile.Find(null, _ => null, below));

        await RunAsync("chown", "nobody", _folder.Path);
        Assert.Null(ConfigurationFile.Find(null, _ => null, below));
        // Of the folder that the user stands in all is found; whether it is used is another question.
        Assert.Equal(_folder.File("backupsync.yml"), ConfigurationFile.Find(null, _ => null, _folder.Path));
    }

    [SkippableFact]
    public async Task What_is_no_file_is_refused_at_once()
    {
        Skip.If(OperatingSystem.IsWindows(), "There are no pipes among the files.");
        await RunAsync("mkfifo", _folder.File("pipe"));
        Assert.Equal("is no regular file.", FaultOf(_folder.File("pipe")));
        Assert.Contains("is no regular file", await PassphraseFaultAsync(_folder.File("pipe")));
        Assert.Contains("is no regular file", await PassphraseFaultAsync("/dev/zero"));
        Assert.Contains("is a folder", await PassphraseFaultAsync(_folder.Path));
        Assert.Contains("is too large", await PassphraseFaultAsync(_folder.Write("large", new string('x', 503))));
    }

    async Task<string> PassphraseFaultAsync(string path)
    {
        var file = _folder.Write("backupsync.yml", Valid + $"encryption: {{ passphraseFile: \"{path}\" }}\n");
        var asked = Task.Run(() => FaultOf(file));
        return await asked.WaitAsync(TimeSpan.FromSeconds(20)) ?? "";
    }

    static async Task RunAsync(params string[] command)
    {
        var result = await ChildProcess.RunAsync(new ChildCommand(command[0], command[1..]), default);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
    }
}
