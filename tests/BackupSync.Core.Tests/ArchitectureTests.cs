using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Mono.Cecil;

namespace BackupSync.Tests;

/// <summary>The floors of docs/architecture.md, held: by compiled code, and by usings for constants, which leave no trace there.</summary>
[Trait("Needs", "nothing")]
public sealed partial class ArchitectureTests
{
    const string Root = "BackupSync";
    const string Foundation = "Foundation";

    static readonly string Repository = Path.GetFullPath(Path.Combine(FolderOfThisFile(), "..", ".."));
    static readonly string Source = Path.Combine(Repository, "src", "BackupSync.Core");
    static readonly Dictionary<string, int> Floors = FloorRow()
        .Matches(File.ReadAllText(Path.Combine(Repository, "docs", "architecture.md")))
        .ToDictionary(m => m.Groups["room"].Value, m => int.Parse(m.Groups["floor"].Value, CultureInfo.InvariantCulture));

    [Fact]
    public void Rooms_know_rooms_of_lower_floors_only()
    {
        using var core = AssemblyDefinition.ReadAssembly(typeof(BackupSyncException).Assembly.Location);
        var arrows = from type in core.MainModule.Types
                     let room = RoomOf(type)
                     where room is not null
                     from known in CompiledCode.KnownTo(type)
                     let other = RoomOf(known)
                     where other is not null && other != room && !IsAllowed(room, other)
                     select $"{room} > {other}: {type.Name} > {CompiledCode.Outermost(known).Name}";

        AssertNone(arrows);
    }

    [Fact]
    public void Files_use_rooms_of_lower_floors_only()
    {
        var files = Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories).Where(f => !IsBuilt(f)).ToList();
        var arrows = from file in files
                     let text = File.ReadAllText(file)
                     let room = RoomOf(NamespaceLine().Match(text).Groups[1].Value)
                     where room is not null
                     from Match used in UsingLine().Matches(text)
                     let other = RoomOf(used.Groups[1].Value)
                     where other is not null && !IsAllowed(room, other)
                     select $"{room} > {other}: {Path.GetRelativePath(Source, file)}";

        Assert.True(files.Count > 200, "The source was not found.");
        AssertNone(arrows);
    }

    [Fact]
    public void Each_folder_is_a_room_with_its_namespace()
    {
        var rooms = from file in Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
                    where !IsBuilt(file)
                    let folder = Path.GetRelativePath(Source, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.')
                    select (folder, room: RoomOf(NamespaceLine().Match(File.ReadAllText(file)).Groups[1].Value));

        Assert.All(rooms, r => Assert.Equal(r.folder, r.room));
        Assert.Equal(rooms.Select(r => r.folder).Distinct().Order(), Floors.Keys.Order());
    }

    /// <summary>Operations do what requests say: see <c>Requests</c>.</summary>
    [Fact]
    public void Nobody_below_the_application_reads_a_configuration_the_environment_or_the_console()
    {
        string[] readers = ["Application", "Application.Views", "Configuration", "Reporting", "Scheduling"];
        string[] read =
        [
            "JobConfig", "DatabaseConfig", "BackupPlanConfig", "BackupSyncConfig", "ConfigurationFile", "ConfigurationReader", "AdHocJob",
            "Console", "PSObject",
        ];
        using var core = AssemblyDefinition.ReadAssembly(typeof(BackupSyncException).Assembly.Location);
        var below = core.MainModule.Types.Where(t => RoomOf(t) is { } room && !readers.Contains(room)).ToList();

        Assert.True(below.Count > 200, "The rooms below were not found.");
        AssertNone(
            from type in below
            from known in CompiledCode.KnownTo(type)
            let name = CompiledCode.Outermost(known).Name
            where read.Contains(name)
            select $"{RoomOf(type)}: {type.Name} > {name}");
        AssertNone(
            from type in below
            from method in MethodsOf(type)
            from instruction in method.Body.Instructions
            where instruction.Operand is MethodReference { Name: nameof(Environment.GetEnvironmentVariable) }
            where instruction.Previous?.Operand is not "PATH" // where programs are, on every machine
            where instruction.Previous?.Operand is not string variable || !variable.StartsWith("PG", StringComparison.Ordinal)
                || type.Name is not ("AddressWriter" or "PasswordFile") // what Npgsql would read, and shall not
            select $"{RoomOf(type)}: {type.Name} reads {instruction.Previous?.Operand} of the environment");
    }

    /// <summary>A run's time is its <c>RunContext.Clock</c>'s.</summary>
    [Fact]
    public void Nobody_asks_the_machine_what_time_it_is()
    {
        Dictionary<string, string> mayAsk = new()
        {
            ["FileAge"] = "the machine has stamped its files",
            ["S3Leftovers"] = "a bucket's clock and the machine's agree, or requests are refused",
            ["ProofRecord"] = "PowerShell shows it by ToString, which is handed nothing",
        };
        using var core = AssemblyDefinition.ReadAssembly(typeof(BackupSyncException).Assembly.Location);
        string[] questions = ["get_UtcNow", "get_Now", "get_Today"];
        var asking = (from type in core.MainModule.Types
                      from method in MethodsOf(type)
                      from instruction in method.Body.Instructions
                      where instruction.Operand is MethodReference { DeclaringType.Namespace: "System" } asked
                          && questions.Contains(asked.Name)
                      select type.Name).ToHashSet();

        Assert.Equal(mayAsk.Keys.Order(), asking.Order());
    }

    /// <summary>PowerShell's formats find a type by its name, and pass over one that is not there.</summary>
    [Fact]
    public void Types_that_texts_name_are_there()
    {
        var core = typeof(BackupSyncException).Assembly;
        var texts = new[] { "module", "docs" }.SelectMany(
            f => Directory.EnumerateFiles(Path.Combine(Repository, f), "*", SearchOption.AllDirectories))
            .Where(f => Path.GetExtension(f) is ".ps1xml" or ".psd1" or ".md");
        var names = from text in texts
                    from Match name in TypeName().Matches(File.ReadAllText(text))
                    where !name.Value.StartsWith($"{Root}.Module.", StringComparison.Ordinal)
                    select (name.Value, File: Path.GetFileName(text));

        Assert.NotEmpty(names);
        AssertNone(from name in names
                   where core.GetType(name.Value) is null && !IsTestProject(name.Value)
                   select $"{name.File}: {name.Value}");
    }

    static void AssertNone(IEnumerable<string> offences)
    {
        var offending = string.Join(Environment.NewLine, offences.Distinct().Order());
        Assert.True(offending.Length == 0, offending);
    }

    static bool IsAllowed(string room, string other) =>
        Floors.TryGetValue(room, out var from) && Floors.TryGetValue(other, out var to) && to < from;

    static bool IsTestProject(string name) => Directory.Exists(Path.Combine(Repository, "tests", name));

    static bool IsBuilt(string file) => Path.GetRelativePath(Source, file).Split(Path.DirectorySeparatorChar)[0] is "obj" or "bin";

    static string? RoomOf(TypeReference type) => RoomOf(CompiledCode.Outermost(type).Namespace);

    /// <summary>Null for what is not the core's.</summary>
    static string? RoomOf(string name) => name == Root ? Foundation
        : name.StartsWith($"{Root}.", StringComparison.Ordinal) ? name[(Root.Length + 1)..] : null;

    static IEnumerable<MethodDefinition> MethodsOf(TypeDefinition type) =>
        type.Methods.Where(m => m.HasBody).Concat(type.NestedTypes.SelectMany(MethodsOf));

    static string FolderOfThisFile([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex(@"^\| (?<floor>\d+) \| `(?<room>[\w.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex FloorRow();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"\bBackupSync(\.[A-Z]\w+)+\.[A-Z]\w+\b(?!\.)")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"^using (?:static )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
