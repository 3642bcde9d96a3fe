using System.Globalization;
using BackupSync.Files;

namespace BackupSync.Configuration;

/// <summary>
/// Whether nobody but this user and root can change a configuration: it names programs to run and servers that are told passwords.
/// The rule is ssh's for its own files: of the file and of every folder above it, owner and mode. Windows protects by access lists,
/// which are not looked at.
/// </summary>
static class ConfigurationTrust
{
    /// <summary>
    /// Who else can change the file, and what to do, as the rest of a sentence that begins with its name; null for nobody.
    /// </summary>
    public static string? Fault(string file) => OperatingSystem.IsWindows()
        ? null
        : FaultOf(file, file, $"have any program run as {UnixAccounts.NameOf(UnixFile.Self)}", 0);

    /// <summary>The same of a file that holds a secret: who can write it says where data goes, or what it is encrypted with.</summary>
    public static string? FaultOfSecret(string file) =>
        OperatingSystem.IsWindows() ? null : FaultOf(file, file, "exchange what is in it", 0);

    /// <summary>
    /// That others can read a file with a secret, and what to do, as the rest of a sentence that begins with its name; null where they
    /// cannot. A file that its own owner may not write was put there for many to read, as Docker mounts its secrets.
    /// </summary>
    public static string? ReadByOthers(string file)
    {
        if (OperatingSystem.IsWindows() || UnixFile.Of(file, follow: true) is not { } status
            || !status.Mode.HasFlag(UnixFileMode.OtherRead) || !status.Mode.HasFlag(UnixFileMode.UserWrite))
            return null;
        for (var folder = Path.GetDirectoryName(file); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (UnixFile.Of(folder, follow: true) is { } above && !above.Mode.HasFlag(UnixFileMode.OtherExecute))
                return null;
        }
        return $"can be read by everybody on this machine (mode {Octal(status.Mode)}). Close it to them: chmod go-rwx {file}";
    }

    /// <summary>Of a path and each folder above it; of a link, too, for where it leads is what is read.</summary>
    /// <param name="power">What who can write it could do.</param>
    static string? FaultOf(string path, string file, string power, int links)
    {
        const int MostLinks = 40;
        for (var part = path; part is not null; part = Path.GetDirectoryName(part))
        {
            if (UnixFile.Of(part, follow: false) is not { } status)
                continue; // There is none, or it cannot be looked at: whoever opens it is told.
            var where = part == file ? "" : $"stands in {part}, which ";
            if (!status.IsTrusted)
                return Foreign(where, status, power, part);
            if (status.Kind == UnixFileKind.Link)
            {
                if (links < MostLinks && new FileInfo(part).LinkTarget is { } target
                    && FaultOf(Path.GetFullPath(target, Path.GetDirectoryName(part)!), file, power, links + 1) is { } fault)
                    return fault;
            }
            // In a folder with the sticky bit, such as /tmp, others can add names, but not change ours.
            else if (OthersWrite(status) && !(status.Kind == UnixFileKind.Folder && status.Mode.HasFlag(UnixFileMode.StickyBit)))
                return Open(where, status, power, part);
        }
        return null;
    }

    static bool OthersWrite(UnixFile file) => file.Mode.HasFlag(UnixFileMode.OtherWrite)
        || (file.Mode.HasFlag(UnixFileMode.GroupWrite) && !UnixAccounts.IsAloneIn(file.Group));

    static string Foreign(string where, UnixFile status, string power, string path) =>
        $"{where}belongs to {UnixAccounts.NameOf(status.Owner)}, who could {power}: it is not used. "
        + $"Look through it, and give it to yourself: chown {UnixAccounts.NameOf(UnixFile.Self)} {path}";

    static string Open(string where, UnixFile status, string power, string path) =>
        $"{where}others can write (mode {Octal(status.Mode)}), so they could {power}: it is not used. "
        + $"Look through it, and close it to them: chmod go-w {path}";

    static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    /// <summary>Users and groups of this machine's own files. A group of another directory is one that others may be in.</summary>
    static class UnixAccounts
    {
        public static string NameOf(uint user) =>
            Lines("/etc/passwd").FirstOrDefault(f => f.Length > 2 && f[2] == Text(user))?[0] ?? "user " + Text(user);

        /// <summary>Whether nobody is in a group but this user and root, as where each user has a group of the same name.</summary>
        public static bool IsAloneIn(uint group)
        {
            var users = Lines("/etc/passwd").Where(f => f.Length > 3).ToList();
            if (Lines("/etc/group").FirstOrDefault(f => f.Length > 3 && f[2] == Text(group)) is not { } entry)
                return false;
            var ours = users.Where(f => f[2] is "0" || f[2] == Text(UnixFile.Self)).Select(f => f[0]).ToHashSet(StringComparer.Ordinal);
            return users.Where(f => f[3] == Text(group)).Select(f => f[0])
                .Concat(entry[3].Split(',', StringSplitOptions.RemoveEmptyEntries))
                .All(ours.Contains);
        }

        static List<string[]> Lines(string file)
        {
            try
            {
                return [.. File.ReadLines(file).Select(line => line.Split(':'))];
            }
            catch (Exception e) when (FileFailure.Is(e))
            {
                return []; // a system without such files
            }
        }

        static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
