using System.Reflection;
using BackupSync.Sandbox;
using Mono.Cecil;

namespace BackupSync.Tests;

/// <summary>
/// Classes of tests that start no server and no program of ours say so by a trait, so that they can be run alone, in about a minute:
/// <c>--filter Needs=nothing</c>.
/// </summary>
[Trait("Needs", "nothing")]
public sealed class NeedsTests
{
    /// <summary>What starts one; what else does so, uses one of these. By name, for this class must not mention them itself.</summary>
    static readonly string[] Starts = [nameof(SandboxServer), nameof(Cli), nameof(S3Server), nameof(TestDatabase), nameof(Browser)];

    static readonly Assembly Tests = typeof(NeedsTests).Assembly;

    [Fact]
    public void Classes_of_tests_that_need_nothing_have_the_trait_and_no_others()
    {
        using var module = ModuleDefinition.ReadModule(Tests.Location);
        var types = module.Types.ToDictionary(t => t.FullName);
        var classes = Tests.GetTypes().Where(t => !t.IsAbstract && t.GetMethods().Any(m => m.IsDefined(typeof(FactAttribute)))).ToList();
        var wrong = from test in classes
                    let why = WhyNot(types[test.FullName!], types)
                    where HasTrait(test) != why is null
                    select why is null ? $"{test.Name} needs nothing, and does not say so" : $"{test.Name} does not need nothing: {why}";

        Assert.True(classes.Count > 100, $"{classes.Count} classes");
        Assert.Equal("", string.Join(Environment.NewLine, wrong.Order()));
    }

    static bool HasTrait(Type test) => test.GetCustomAttributesData().Any(
        a => a.AttributeType == typeof(TraitAttribute) && a.ConstructorArguments is [{ Value: "Needs" }, { Value: "nothing" }]);

    /// <summary>How a class comes to what starts something, by types that mention one another; null where it does not.</summary>
    static string? WhyNot(TypeDefinition test, Dictionary<string, TypeDefinition> types)
    {
        var ways = new Queue<(TypeReference Type, string Way)>([(test, test.Name)]);
        var seen = new HashSet<string>();
        while (ways.TryDequeue(out var at))
        {
            if (Starts.Contains(at.Type.Name))
                return at.Way;
            if (!types.TryGetValue(at.Type.FullName, out var type) || !seen.Add(type.FullName))
                continue;
            foreach (var known in CompiledCode.KnownTo(type).Select(CompiledCode.Outermost).DistinctBy(t => t.FullName))
                ways.Enqueue((known, $"{at.Way} > {known.Name}"));
        }
        return null;
    }
}
