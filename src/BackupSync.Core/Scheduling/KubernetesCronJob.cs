using BackupSync.Configuration;
using YamlDotNet.Serialization;

namespace BackupSync.Scheduling;

/// <summary>A CronJob (batch/v1, Kubernetes 1.27 or newer, which knows time zones).</summary>
/// <remarks>https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/</remarks>
static class KubernetesCronJob
{
    /// <summary>Its controller looks every 10 seconds: a shorter deadline would be over before it does.</summary>
    const int ShortestDeadline = 20;

    /// <summary>0440, which is decimal here: the pod's group reads the configuration, and nobody writes it.</summary>
    const int ReadOnlyMode = 288;

    /// <summary>Of the image in examples/; not root.</summary>
    const int User = 10001;

    /// <summary>Where the volume is, and the configuration in it: what it names by relative paths is beside it.</summary>
    const string Home = "/var/lib/backupsync";

    /// <param name="folder">That of the configuration here, which is <see cref="Home"/> there.</param>
    public static ScheduleFile Of(ExportedRun run, string image, string folder)
    {
        var rules = CalendarRule.Of(run.Item);
        if (rules.Count > 1 || rules[0].ToCron() is not { } cron
            || (!rules[0].IsEitherDay && rules[0].Days is not null && rules[0].Weekdays is not null))
            throw ScheduleExport.Refused(
                run, "a CronJob has one schedule of whole minutes, and takes either day for enough.",
                "State a length that divides an hour or a day into even parts, such as 15m, or one kind of days.");
        var schedule = run.Schedule;
        var outside = run.Folders.Where(f => !IsBelow(f, folder) && !IsBelow(f, Home)).ToList();
        var yaml = new SerializerBuilder().WithQuotingNecessaryStrings().DisableAliases().WithIndentedSequences().Build()
            .Serialize(Map(
                ("apiVersion", "batch/v1"),
                ("kind", "CronJob"),
                ("metadata", Map(("name", run.Id), ("labels", Labels()))),
                ("spec", Map(
                    ("schedule", cron),
                    ("timeZone", rules[0].Zone.Equals(TimeZoneInfo.Utc) ? "Etc/UTC" : SystemdUnits.ZoneName(rules[0].Zone)),
                    ("concurrencyPolicy", "Forbid"),
                    ("startingDeadlineSeconds", schedule.CatchUp == CatchUp.None ? ShortestDeadline
                        : Math.Max(ShortestDeadline, (int)schedule.MisfireGrace.TotalSeconds)),
                    ("successfulJobsHistoryLimit", 3),
                    ("failedJobsHistoryLimit", 3),
                    ("jobTemplate", Map(("spec", JobSpec(run, image))))))));
        string[] head =
        [
            $"# {run.Title}".TrimEnd(),
            "# The image, the secret, the config map and the volume are yours: examples/kubernetes.yaml has them.",
            schedule.Overlap == Overlap.Queue
                ? "# What comes due while a run goes on starts when it ends, within startingDeadlineSeconds."
                : "# Forbid: what comes due while a run goes on waits for its end within startingDeadlineSeconds, and is left out then.",
            .. schedule.Jitter > TimeSpan.Zero ? ["# jitter is not kept: Kubernetes has none."] : Array.Empty<string>(),
            .. outside.Count > 0
                ? [$"# Written to, and outside of the volume: {Printable.Line(string.Join(", ", outside))}.",
                    $"# In the cluster's configuration name folders by relative paths, or below {Home}."]
                : Array.Empty<string>(),
        ];
        return new ScheduleFile($"{run.Id}.yaml", string.Join('\n', head.Append(yaml.ReplaceLineEndings("\n"))));
    }

    static bool IsBelow(string path, string folder) => path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);

    static Dictionary<string, object> JobSpec(ExportedRun run, string image) => Map(
        // A run that failed is told; the next one comes by the schedule.
        ("backoffLimit", 0),
        ("activeDeadlineSeconds", (long)run.Limit.TotalSeconds),
        ("template", Map(
            ("metadata", Map(("labels", Labels()))),
            ("spec", Map(
                ("restartPolicy", "Never"),
                // Being stopped, it brings the target back first.
                ("terminationGracePeriodSeconds", 600),
                ("automountServiceAccountToken", false),
                ("securityContext", Map(
                    ("runAsNonRoot", true), ("runAsUser", User), ("runAsGroup", User), ("fsGroup", User),
                    ("seccompProfile", Map(("type", "RuntimeDefault"))))),
                ("containers", new[] { Container(run, image) }),
                ("volumes", new[]
                {
                    Map(("name", "data"), ("persistentVolumeClaim", Map(("claimName", "backupsync")))),
                    Map(("name", "config"), ("configMap", Map(("name", "backupsync"), ("defaultMode", ReadOnlyMode)))),
                    Map(("name", "tmp"), ("emptyDir", Map(("sizeLimit", "1Gi")))),
                }))))));

    static Dictionary<string, object> Container(ExportedRun run, string image) => Map(
        ("name", "backupsync"),
        ("image", image),
        ("args", run.Arguments.Concat(["--config", $"{Home}/backupsync.yml"]).ToArray()),
        ("envFrom", new[] { Map(("secretRef", Map(("name", "backupsync")))) }),
        ("env", new[] { Map(("name", "HOME"), ("value", "/tmp")) }),
        ("resources", Map(
            ("requests", Map(("cpu", "100m"), ("memory", "128Mi"))), ("limits", Map(("cpu", "2"), ("memory", "1Gi"))))),
        ("securityContext", Map(
            ("allowPrivilegeEscalation", false), ("readOnlyRootFilesystem", true), ("capabilities", Map(("drop", new[] { "ALL" }))))),
        ("volumeMounts", new[]
        {
            Map(("name", "data"), ("mountPath", Home)),
            Map(("name", "config"), ("mountPath", $"{Home}/backupsync.yml"), ("subPath", "backupsync.yml"), ("readOnly", true)),
            Map(("name", "tmp"), ("mountPath", "/tmp")),
        }));

    static Dictionary<string, object> Labels() => Map(("app.kubernetes.io/name", "backupsync"));

    static Dictionary<string, object> Map(params (string Key, object Value)[] entries) => entries.ToDictionary(e => e.Key, e => e.Value);
}
