using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace BackupSync.Files;

/// <summary>
/// The one place where file protection differs by platform: modes on Unix, an access list of the current user alone on
/// Windows. Exceptions are .NET's own.
/// </summary>
static class PlatformFiles
{
    const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    /// <summary>
    /// Opens without a buffer of its own, so one write is one system call. A file that is made is the owner's alone; on Unix no
    /// link is followed, and nothing but a regular file is opened.
    /// </summary>
    public static FileStream Open(string path, FileMode mode, FileShare share, FileOptions options)
    {
        if (OperatingSystem.IsWindows())
            return OpenWindows(path, mode, share, options);
        if (mode == FileMode.OpenOrCreate)
            return UnixFile.OpenOrCreate(path, alone: share == FileShare.None);

        return new FileStream(path, new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = share,
            Options = options,
            BufferSize = 0,
            UnixCreateMode = OwnerFile,
        });
    }

    /// <summary>Makes one folder, whose parent exists.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            CreateFolderWindows(path);
        else
            Directory.CreateDirectory(path, OwnerFolder);
    }

    /// <summary>
    /// Makes one folder that was not there, for the owner alone. Its name is not to be guessed, so nobody can have put anything there.
    /// </summary>
    public static string CreateNewFolder(string parent, string prefix)
    {
        var path = Path.Combine(parent, prefix + Path.GetRandomFileName()[..8]);
        if (OperatingSystem.IsWindows())
            CreateFolderWindows(path);
        else
            UnixFile.MakeFolder(path);
        return path;
    }

    /// <summary>Opens to read, at once: what is no regular file would keep a reader waiting, or never end.</summary>
    /// <exception cref="IOException">It is a pipe, a device or a folder.</exception>
    public static FileStream OpenToRead(string path, FileShare share)
    {
        EnsureRegularOrMissing(path);
        return new FileStream(path, FileMode.Open, FileAccess.Read, share);
    }

    /// <summary>To be asked before anything is opened that others may have put there: opening a pipe waits for ever.</summary>
    /// <exception cref="IOException">It is something else.</exception>
    public static void EnsureRegularOrMissing(string path)
    {
        if (!IsRegularOrMissing(path))
            throw new IOException($"{path} is no regular file.");
    }

    /// <summary>Whether a name leads to a regular file, or to nothing.</summary>
    public static bool IsRegularOrMissing(string path) => OperatingSystem.IsWindows()
        ? !Directory.Exists(path)
        : UnixFile.Of(path, follow: true) is null or { Kind: UnixFileKind.Regular };

    /// <summary>What is there that is no folder, as a phrase, such as <c>a file</c>; null where there is a folder, or nothing.</summary>
    public static string? KindOfOther(string path)
    {
        if (Directory.Exists(path))
            return null;
        if (new FileInfo(path).LinkTarget is { } target)
            return $"a link to {target}, where no folder is";
        if (OperatingSystem.IsWindows())
            return File.Exists(path) ? "a file" : null;
        return UnixFile.Of(path, follow: false)?.Kind switch
        {
            null or UnixFileKind.Folder => null, // made meanwhile, by somebody who stores something, too
            UnixFileKind.Regular => "a file",
            _ => "a pipe, a socket or a device",
        };
    }

    /// <summary>
    /// Whether a folder that was found is one that only this user can have filled. On Windows the temporary folder is the user's own.
    /// </summary>
    public static bool IsOwnFolder(string path) => OperatingSystem.IsWindows()
        ? new DirectoryInfo(path).LinkTarget is null
        : UnixFile.IsOwnFolder(path);

    /// <summary>
    /// Makes the names in a folder survive a power cut. NTFS journals them by itself; on Unix it takes an fsync of the
    /// folder, which .NET has no call for. The errors passed over are those that PostgreSQL passes over too
    /// (fsync_fname_ext): file systems that cannot flush folders.
    /// </summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;

        var descriptor = Retried(() => open(path, ReadOnly));
        if (descriptor < 0)
        {
            if (Marshal.GetLastPInvokeError() is not (AccessDenied or IsDirectory))
                throw UnixFile.LastError(path);
            return;
        }
        try
        {
            if (Retried(() => fsync(descriptor)) < 0 && Marshal.GetLastPInvokeError() is not (BadDescriptor or Invalid))
                throw UnixFile.LastError(path);
        }
        finally
        {
            // Nothing was written through this descriptor, so a failing close loses nothing.
            _ = close(descriptor);
        }
    }

    const int ReadOnly = 0;
    const int Interrupted = 4;
    const int BadDescriptor = 9;
    const int AccessDenied = 13;
    const int IsDirectory = 21;
    const int Invalid = 22;

    static int Retried(Func<int> call)
    {
        int result;
        do
            result = call();
        while (result < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return result;
    }

    // The C library's own names.
#pragma warning disable IDE1006, CA1838, SYSLIB1054
    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    static extern int fsync(int descriptor);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    static extern int close(int descriptor);
#pragma warning restore IDE1006, CA1838, SYSLIB1054

    [SupportedOSPlatform("windows")]
    static FileStream OpenWindows(string path, FileMode mode, FileShare share, FileOptions options)
    {
        var security = new FileSecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        security.AddAccessRule(new FileSystemAccessRule(CurrentUser(), FileSystemRights.FullControl, AccessControlType.Allow));
        return new FileInfo(path).Create(mode, FileSystemRights.Read | FileSystemRights.Write, share, 1, options, security);
    }

    [SupportedOSPlatform("windows")]
    static void CreateFolderWindows(string path)
    {
        var security = new DirectorySecurity();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        security.AddAccessRule(new FileSystemAccessRule(
            CurrentUser(), FileSystemRights.FullControl, InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit,
            PropagationFlags.None, AccessControlType.Allow));
        security.CreateDirectory(path);
    }

    [SupportedOSPlatform("windows")]
    static SecurityIdentifier CurrentUser()
    {
        using var identity = WindowsIdentity.GetCurrent();
        return identity.User ?? throw new UnauthorizedAccessException("The current Windows user has no identifier to protect files with.");
    }
}
