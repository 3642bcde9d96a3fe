using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;

namespace BackupSync.Sandbox;

/// <summary>A process, told apart from a later one that was given the same id.</summary>
/// <param name="Started">When it started, as the system counts it; only to be compared.</param>
/// <param name="Place">The machine, and in Linux the container: elsewhere the id means another process, or none.</param>
sealed record ProcessIdentity(int Id, string Started, string Place)
{
    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } = new(Environment.ProcessId, StartOf(Environment.ProcessId)!, HerePlace());

    /// <summary>Whether the id can be judged from here.</summary>
    [JsonIgnore]
    public bool IsHere => Place == Current.Place;

    /// <summary>Whether this very process still runs. Only to be asked where <see cref="IsHere"/>.</summary>
    [JsonIgnore]
    public bool IsAlive => StartOf(Id) == Started;

    /// <summary>Null where there is no such process, or only its remains that nobody has collected yet.</summary>
    internal static string? StartOf(int id) => OperatingSystem.IsLinux() ? StartOnLinux(id) : StartElsewhere(id);

    /// <summary>
    /// In ticks since the system's start, and which start of the system that was. A time of day would move whenever the
    /// clock is set.
    /// </summary>
    static string? StartOnLinux(int id)
    {
        string status;
        try
        {
            status = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        // The name, second of the fields, is in parentheses and may hold anything; state is the 3rd, the start the 22nd.
        var fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}/{fields[19]}";
    }

    static string? StartElsewhere(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.StartTime.ToFileTimeUtc().ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

    static string HerePlace() => OperatingSystem.IsLinux()
        ? $"{Environment.MachineName}/{new FileInfo("/proc/self/ns/pid").LinkTarget}"
        : Environment.MachineName;
}
