using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Entry = BackupSync.Cli.CommandLine;

namespace BackupSync.Tests.CommandLine;

/// <summary>An option of a command, or a parameter of a cmdlet, in words that can be compared.</summary>
/// <param name="Kind">Such as <c>texts</c> or <c>SyncMode</c>.</param>
/// <param name="Default">Null where there is none, or an empty one.</param>
/// <param name="Limits">Values at the limits of a parameter, and whether it takes them.</param>
sealed record HeadOption(string Name, string Kind, string? Default, IReadOnlyList<(string Value, bool IsTaken)> Limits)
{
    /// <summary>A command's options and arguments, by their names without dashes; what is both is one.</summary>
    public static Dictionary<string, HeadOption> OfCommand(Command command)
    {
        var arguments = command.Arguments.Select(a => new HeadOption(
            a.Name, KindOf(a.ValueType), a.HasDefaultValue ? Shown(a.GetDefaultValue()) : null, []));
        var options = command.Options.Where(o => o.Name is not "--help" and not "--version").Select(o => new HeadOption(
            o.Name.TrimStart('-'), KindOf(o.ValueType), o.HasDefaultValue ? Shown(o.GetDefaultValue()) : null, []));
        return arguments.Concat(options).Distinct().ToDictionary(o => o.Name);
    }

    /// <summary>A cmdlet's parameters, its own and inherited ones, by their names.</summary>
    public static Dictionary<string, HeadOption> OfCmdlet(string cmdlet)
    {
        var found = new Dictionary<string, HeadOption>();
        var outermost = Cmdlets()[cmdlet];
        for (var type = outermost; type is not null; type = type.BaseType as TypeDefinition)
            foreach (var p in type.Properties.Where(p => Attribute(p, "ParameterAttribute") is not null))
                found[p.Name] = new HeadOption(p.Name, KindOf(p.PropertyType), DefaultOf(p), LimitsOf(p));
        if (Words(Attribute(outermost, "CmdletAttribute")!).Contains("SupportsShouldProcess"))
            foreach (var name in (string[])["WhatIf", "Confirm"])
                found[name] = new HeadOption(name, "switch", null, []);
        return found;
    }

    /// <summary>Whether PowerShell asks before a cmdlet goes on, where nobody has said otherwise: none of ours states a lower impact.</summary>
    public static bool HasHighImpact(string cmdlet) => Words(Attribute(Cmdlets()[cmdlet], "CmdletAttribute")!)
        .Any(w => w.Contains("ConfirmImpact", StringComparison.Ordinal));

    public static IEnumerable<string> AllCmdlets => Cmdlets().Keys;

    /// <summary>Whether a command takes a value of it, whatever else it is lacking.</summary>
    public bool Takes(string command, string value) => !Entry.Root().Parse([.. command.Split(' '), $"--{Name}", value]).Errors
        .Any(e => e.Message.StartsWith($"--{Name} ", StringComparison.Ordinal));

    static Dictionary<string, TypeDefinition> Cmdlets() =>
        (from type in Module.Value.MainModule.Types
         let cmdlet = Attribute(type, "CmdletAttribute")
         where cmdlet is not null
         select (Name: string.Join('-', Words(cmdlet).Take(2)), type))
        .ToDictionary(c => c.Name, c => c.type);

    static string KindOf(Type type) => type.IsArray
        ? $"{KindOf(type.GetElementType()!)}s"
        : KindOf((Nullable.GetUnderlyingType(type) ?? type).Name);

    static string KindOf(TypeReference type) => type switch
    {
        ArrayType list => $"{KindOf(list.ElementType)}s",
        GenericInstanceType { ElementType.Name: "Nullable`1" } nullable => KindOf(nullable.GenericArguments[0]),
        _ => KindOf(type.Name),
    };

    static string KindOf(string type) => type switch
    {
        "Boolean" or "SwitchParameter" => "switch",
        // A name or an address, which a cmdlet takes as a secure string, too.
        "String" or "GivenDatabase" => "text",
        "Int32" => "number",
        "DateTimeOffset" => "moment",
        var other => other,
    };

    static string? Shown(object? value) => value is null or false or "" ? null : Convert.ToString(value, CultureInfo.InvariantCulture);

    /// <summary>What the constructor stores in the property, where that is a constant.</summary>
    static string? DefaultOf(PropertyDefinition property)
    {
        var stores = property.DeclaringType.Methods.Single(m => m is { IsConstructor: true, IsStatic: false }).Body.Instructions
            .FirstOrDefault(i => i.OpCode == OpCodes.Stfld && ((FieldReference)i.Operand).Name == $"<{property.Name}>k__BackingField");
        return stores?.Previous switch
        {
            { OpCode.Code: Code.Ldstr } text => Shown(text.Operand),
            { OpCode.Code: Code.Ldc_I4 or Code.Ldc_I4_S } number => Shown(number.Operand),
            { OpCode.Code: >= Code.Ldc_I4_0 and <= Code.Ldc_I4_8 } digit => Shown(digit.OpCode.Code - Code.Ldc_I4_0),
            _ => null,
        };
    }

    static List<(string Value, bool IsTaken)> LimitsOf(PropertyDefinition property)
    {
        var limits = new List<(string, bool)>();
        if (Attribute(property, "ValidateRangeAttribute") is { } range)
        {
            var (least, most) = (Number(range, 0), Number(range, 1));
            limits.AddRange([($"{least}", true), ($"{most}", true), ($"{least - 1}", false), ($"{most + 1}", false)]);
        }
        if (Attribute(property, "ValidateLengthAttribute") is { } length)
        {
            var (least, most) = (Number(length, 0), Number(length, 1));
            limits.AddRange(
                [(Text(least), true), (Text(most), true), (Text(least - 1), false), (Text(most + 1), false)]);
        }
        return limits;

        static long Number(CustomAttribute attribute, int index) => attribute.ConstructorArguments[index].Value switch
        {
            CustomAttributeArgument boxed => (int)boxed.Value,
            var plain => (int)plain,
        };

        static string Text(long length) => new('t', (int)length);
    }

    /// <summary>
    /// The texts in an attribute as it is stored, those before its named arguments first: Cecil reads no attribute that has an enum of an
    /// assembly that is not there.
    /// </summary>
    static List<string> Words(CustomAttribute attribute) =>
        [.. Regex.Matches(Encoding.Latin1.GetString(attribute.GetBlob()), "[A-Za-z]{3,}").Select(m => m.Value)];

    static CustomAttribute? Attribute(ICustomAttributeProvider of, string name) =>
        of.CustomAttributes.FirstOrDefault(a => a.AttributeType.Name == name);

    /// <summary>As it was built beside these tests: its own dependencies are PowerShell's.</summary>
    static readonly Lazy<AssemblyDefinition> Module = new(() => ReadModule());

    static AssemblyDefinition ReadModule([CallerFilePath] string here = "")
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        return AssemblyDefinition.ReadAssembly(Path.Combine(Path.GetDirectoryName(here)!,
            "..", "..", "..", "src", "BackupSync.Module", "bin", configuration, "net10.0", "BackupSync.Module.dll"));
    }
}
