using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace BackupSync.Reporting;

/// <summary>
/// Metrics in Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). Prometheus 3 takes no answer
/// without its content type.
/// </summary>
public static class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>All values as they are now.</summary>
    public static string Of(Metrics metrics)
    {
        var families = new SortedDictionary<string, (Instrument Instrument, List<string> Samples)>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter, metrics.Meter))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, labels, _) =>
        {
            var name = NameOf(instrument);
            if (!families.TryGetValue(name, out var family))
                families.Add(name, family = (instrument, []));
            family.Samples.Add($"{name}{Labels(labels)} {value.ToString("R", CultureInfo.InvariantCulture)}");
        });
        listener.Start();
        listener.RecordObservableInstruments();

        var text = new StringBuilder();
        foreach (var (name, (instrument, samples)) in families)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {instrument.Description}\n");
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {(IsCounter(instrument) ? "counter" : "gauge")}\n");
            foreach (var sample in samples)
                text.Append(sample).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>What Prometheus calls it.</summary>
    internal static string NameOf(Instrument instrument) => instrument.Name.Replace('.', '_') + instrument.Unit switch
    {
        "s" => "_seconds",
        "By" => "_bytes",
        _ => "",
    } + (IsCounter(instrument) ? "_total" : "");

    static bool IsCounter(Instrument instrument) => instrument is ObservableCounter<double>;

    static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        if (labels.Length == 0)
            return "";
        var text = new StringBuilder("{");
        foreach (var (name, value) in labels)
        {
            text.Append(text.Length > 1 ? "," : "").Append(name).Append("=\"");
            text.Append(((string)value!).Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", @"\n", StringComparison.Ordinal)).Append('"');
        }
        return text.Append('}').ToString();
    }
}
