using System.Globalization;
using System.Runtime.CompilerServices;
using Mono.Cecil;
using Entry = BackupSync.Cli.CommandLine;

namespace BackupSync.Tests.CommandLine;

/// <summary>A number that one head takes, the other takes too: what cmdlets declare is tried with the commands.</summary>
[Trait("Needs", "nothing")]
public sealed class BothHeadsTests
{
    public static TheoryData<string, string, string[]> Numbers => new()
    {
        { "NewDbBackupCommand.KeepDays", "--keep-days", ["backup", "--all"] },
        { "RemoveOldBackupsCommand.KeepDays", "--keep-days", ["cleanup"] },
        { "GetDbSyncHistoryCommand.Last", "--last", ["history"] },
        { "CompareDbDataCommand.Parallel", "--parallel", ["compare", "a", "b"] },
        { "CompareDbDataCommand.TimeoutSeconds", "--timeout", ["compare", "a", "b"] },
        { "CompareDbDataCommand.LimitMinutes", "--limit-minutes", ["compare", "a", "b"] },
        { "TestDbConnectionCommand.TimeoutSeconds", "--timeout", ["test"] },
    };

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_number_has_one_range(string parameter, string option, string[] command)
    {
        var range = Attribute(parameter, "ValidateRangeAttribute");
        var (least, most) = ((int)((CustomAttributeArgument)range[0].Value).Value, (int)((CustomAttributeArgument)range[1].Value).Value);

        Assert.Empty(Errors(command, option, least));
        Assert.Empty(Errors(command, option, most));
        Assert.NotEmpty(Errors(command, option, least - 1));
        Assert.NotEmpty(Errors(command, option, most + 1L));
    }

    [Fact]
    public void Every_range_of_a_cmdlet_is_tried_with_a_command() => Assert.Equal(
        from type in Module().MainModule.Types
        from property in type.Properties
        where property.CustomAttributes.Any(a => a.AttributeType.Name == "ValidateRangeAttribute")
        orderby type.Name, property.Name
        select $"{type.Name}.{property.Name}",
        Numbers.Select(n => (string)n[0]).Order(StringComparer.Ordinal));

    [Fact]
    public void A_tag_has_one_length()
    {
        var most = (int)Attribute("NewDbBackupCommand.Tag", "ValidateLengthAttribute")[1].Value;

        Assert.Empty(Entry.Root().Parse(["backup", "--all", "--tag", new string('t', most)]).Errors);
        Assert.NotEmpty(Entry.Root().Parse(["backup", "--all", "--tag", new string('t', most + 1)]).Errors);
        Assert.NotEmpty(Entry.Root().Parse(["backup", "--all", "--tag", ""]).Errors);
    }

    static IReadOnlyList<System.CommandLine.Parsing.ParseError> Errors(string[] command, string option, long number) =>
        Entry.Root().Parse([.. command, option, number.ToString(CultureInfo.InvariantCulture)]).Errors;

    static IList<CustomAttributeArgument> Attribute(string parameter, string name)
    {
        var (type, property) = (parameter.Split('.')[0], parameter.Split('.')[1]);
        return Module().MainModule.Types.Single(t => t.Name == type).Properties.Single(p => p.Name == property)
            .CustomAttributes.Single(a => a.AttributeType.Name == name).ConstructorArguments;
    }

    /// <summary>As it was built beside these tests: its own dependencies are PowerShell's.</summary>
    static AssemblyDefinition Module([CallerFilePath] string here = "")
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        return AssemblyDefinition.ReadAssembly(Path.Combine(Path.GetDirectoryName(here)!,
            "..", "..", "..", "src", "BackupSync.Module", "bin", configuration, "net10.0", "BackupSync.Module.dll"));
    }
}
