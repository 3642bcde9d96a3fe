using Mono.Cecil;

namespace BackupSync.Tests;

/// <summary>What compiled types mention. Constants leave no trace there.</summary>
static class CompiledCode
{
    public static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    /// <summary>What a type mentions, those within it included: in signatures and in code.</summary>
    public static IEnumerable<TypeReference> KnownTo(TypeDefinition type)
    {
        var signatures = type.Methods.SelectMany(m => m.Parameters.Select(p => p.ParameterType).Append(m.ReturnType))
            .Concat(type.Fields.Select(f => f.FieldType)).Concat(type.Interfaces.Select(i => i.InterfaceType)).Append(type.BaseType);
        var code = type.Methods.Where(m => m.HasBody).SelectMany(m =>
            m.Body.Instructions.SelectMany(i => Named(i.Operand)).Concat(m.Body.Variables.Select(v => v.VariableType)));
        return signatures.Concat(code).SelectMany(Parts).Concat(type.NestedTypes.SelectMany(KnownTo));
    }

    static IEnumerable<TypeReference?> Named(object? operand) => operand switch
    {
        TypeReference type => [type],
        GenericInstanceMethod method => [method.DeclaringType, method.ReturnType, .. method.GenericArguments],
        MethodReference method => [method.DeclaringType, method.ReturnType],
        FieldReference field => [field.DeclaringType, field.FieldType],
        _ => [],
    };

    /// <summary>A type with all that stands in its name.</summary>
    static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        TypeSpecification of => Parts(of.ElementType),
        _ => [type],
    };
}
