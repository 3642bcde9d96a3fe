using System.Text.Json;
using System.Text.Json.Serialization;

namespace BackupSync;

/// <summary>
/// Reads numbers that are some: of <c>1e400</c> .NET makes infinity, which no file of ours has, and which nothing can write again.
/// </summary>
sealed class FiniteNumber : JsonConverter<double>
{
    /// <exception cref="JsonException">It is larger than any.</exception>
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.Number)
            throw new JsonException("There is something else where there has to be a number.");
        var value = reader.GetDouble();
        return double.IsFinite(value) ? value : throw new JsonException("There is a number that is larger than any can be.");
    }

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
