namespace BackupSync;

/// <summary>A text that is never shown: not in logs, errors or JSON.</summary>
[System.Text.Json.Serialization.JsonConverter(typeof(Redacted))]
public sealed class Secret(string value)
{
    public string Reveal() => value;

    public override string ToString() => "***";

    sealed class Redacted : System.Text.Json.Serialization.JsonConverter<Secret>
    {
        public override Secret Read(
            ref System.Text.Json.Utf8JsonReader reader,
            Type typeToConvert,
            System.Text.Json.JsonSerializerOptions options) =>
            throw new NotSupportedException("A secret is not read from JSON.");

        public override void Write(System.Text.Json.Utf8JsonWriter writer, Secret value, System.Text.Json.JsonSerializerOptions options) =>
            writer.WriteStringValue("***");
    }
}
