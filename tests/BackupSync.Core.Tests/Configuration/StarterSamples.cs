using System.Text.RegularExpressions;
using BackupSync.Configuration;

namespace BackupSync.Tests.Configuration;

static partial class StarterSamples
{
    /// <summary>The starter with all that it has commented out. Comments that are no sentences begin with a key.</summary>
    public static string WithoutComments() =>
        string.Join('\n', ConfigurationFile.Starter.Split('\n').Select(line => CommentedOut().Replace(line, "$1$2")));

    [GeneratedRegex(@"^(\s*)# ((?:provider|tier|tools|tiers|places|encryption|backupPlans|alerts|ping|health|mode|tables|incremental"
        + "|publish|parallel|exclude|compression):|  )")]
    private static partial Regex CommentedOut();
}
