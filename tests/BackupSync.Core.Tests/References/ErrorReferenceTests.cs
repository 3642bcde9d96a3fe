using System.Reflection;

namespace BackupSync.Tests.References;

/// <summary>The table of docs/failures-and-exit-codes.md is made of the comments in ErrorIds.</summary>
[Trait("Needs", "nothing")]
public sealed class ErrorReferenceTests
{
    /// <summary>In the order in which they are declared.</summary>
    static readonly IReadOnlyList<FieldInfo> Ids =
        [.. typeof(ErrorIds).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).OrderBy(f => f.MetadataToken)];

    [Fact]
    public void Each_id_says_what_it_means_and_what_to_do() =>
        Assert.Empty(Ids.Where(id => Comment(id, "summary") is null || Comment(id, "remarks") is null).Select(id => id.Name));

    [Fact]
    public void Each_id_is_called_as_its_constant_is() =>
        Assert.All(Ids, id => Assert.Equal($"BackupSync.{id.Name}", id.GetRawConstantValue()));

    [Fact]
    public void Page_of_failures_has_what_the_code_says() =>
        GeneratedText.IsCurrentIn("docs/failures-and-exit-codes.md", "error ids", [
            "| id | what it means | what to do |",
            "|---|---|---|",
            .. Ids.Select(id => $"| `{id.GetRawConstantValue()}` | {Comment(id, "summary")} | {Comment(id, "remarks")} |"),
        ]);

    static string? Comment(FieldInfo id, string element) => XmlComments.Markdown($"F:{id.DeclaringType!.FullName}.{id.Name}", element);
}
