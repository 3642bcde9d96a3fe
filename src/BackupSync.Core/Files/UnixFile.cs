using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BackupSync.Files;

/// <summary>What a name of a file system leads to.</summary>
enum UnixFileKind
{
    Regular,
    Folder,
    Link,
    /// <summary>A pipe, a socket or a device.</summary>
    Other,
}

/// <summary>
/// Owner and kind of a file on Unix, and opening without following links, which .NET has no calls for. Those of its own
/// library are taken, for their numbers and structures are the same on every system.
/// </summary>
sealed record UnixFile(uint Owner, uint Group, UnixFileMode Mode, UnixFileKind Kind)
{
    /// <summary>Who this process is.</summary>
    public static uint Self => SystemNative_GetEUid();

    /// <summary>Whether it is this user's or root's: nobody else can change its mode.</summary>
    public bool IsTrusted => Owner == Self || Owner == 0;

    /// <summary>Null where there is none, or it cannot be looked at.</summary>
    /// <param name="follow">Whether a link is what it leads to.</param>
    public static UnixFile? Of(string path, bool follow)
    {
        var status = new Status();
        return (follow ? SystemNative_Stat(path, ref status) : SystemNative_LStat(path, ref status)) == 0 ? From(status) : null;
    }

    /// <summary>Whether it is a folder of this user's own, no link to one, that nobody else can write into.</summary>
    public static bool IsOwnFolder(string path) => Of(path, follow: false) is { Kind: UnixFileKind.Folder } folder
        && folder.Owner == Self && (folder.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == 0;

    /// <summary>
    /// Opens to read and write, and makes what is missing for the owner alone. A link or what is no regular file is refused.
    /// </summary>
    /// <param name="alone">Whether nobody else may have it open; else it is shared with readers.</param>
    public static FileStream OpenOrCreate(string path, bool alone)
    {
        int descriptor;
        do
            descriptor = SystemNative_Open(path, OpenReadWrite | OpenCloseOnExec | OpenCreate | OpenNoFollow, OwnerReadWrite);
        while (descriptor < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        if (descriptor < 0)
        {
            var error = LastError(path);
            throw Of(path, follow: false) is { Kind: UnixFileKind.Link } ? Refused(path, "a link") : error;
        }
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            var status = new Status();
            if (SystemNative_FStat(handle, ref status) != 0)
                throw LastError(path);
            if (From(status).Kind != UnixFileKind.Regular)
                throw Refused(path, "no regular file");
            if (SystemNative_FLock(handle, (alone ? LockExclusive : LockShared) | LockAtOnce) != 0)
            {
                // File systems without locks are passed over, as .NET does.
                var error = LastError(path);
                if (FileFailure.IsInUse(error))
                    throw error;
            }
            return new LockedStream(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Makes a folder for the owner alone. One that is there already, or a link of that name, is an error.</summary>
    public static void MakeFolder(string path)
    {
        if (SystemNative_MkDir(path, OwnerAll) != 0)
            throw LastError(path);
    }

    static IOException Refused(string path, string what) => new($"{path} is {what}. Remove it, or name another folder.");

    internal static IOException LastError(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{new Win32Exception(error).Message} : '{path}'", error);
    }

    static UnixFile From(in Status status) => new(
        status.Owner, status.Group, (UnixFileMode)(status.Mode & 0xFFF), (status.Mode & 0xF000) switch
        {
            0x8000 => UnixFileKind.Regular,
            0x4000 => UnixFileKind.Folder,
            0xA000 => UnixFileKind.Link,
            _ => UnixFileKind.Other,
        });

    const int Interrupted = 4;
    const int OwnerReadWrite = 0x180;
    const int OwnerAll = 0x1C0;

    // Numbers of .NET's own library, which translates them.
    const int OpenReadWrite = 0x2;
    const int OpenCloseOnExec = 0x10;
    const int OpenCreate = 0x20;
    const int OpenNoFollow = 0x200;
    const int LockShared = 1;
    const int LockExclusive = 2;
    const int LockAtOnce = 4;
    const int LockBack = 8;

    /// <summary>
    /// Gives its lock back before it is closed. A child that is just being started has all files of ours until it runs its program, and
    /// the lock would last as long.
    /// </summary>
    sealed class LockedStream : FileStream
    {
        readonly SafeFileHandle? _handle;

        public LockedStream(SafeFileHandle handle) : base(handle, FileAccess.ReadWrite, bufferSize: 0) => _handle = handle;

        public override ValueTask DisposeAsync()
        {
            LetGo();
            return base.DisposeAsync();
        }

        protected override void Dispose(bool disposing)
        {
            LetGo();
            base.Dispose(disposing);
        }

        void LetGo()
        {
            // Where it fails there was no lock; closing gives back what there is.
            if (_handle is { IsClosed: false })
                _ = SystemNative_FLock(_handle, LockBack);
        }
    }

    /// <summary>The beginning of what .NET's library fills in; the rest has room.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    struct Status
    {
        public int Flags;
        public int Mode;
        public uint Owner;
        public uint Group;
    }

    // The library's own names.
#pragma warning disable IDE1006, SYSLIB1054
    const string Library = "libSystem.Native";

    [DllImport(Library, SetLastError = true)]
    static extern int SystemNative_Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport(Library, SetLastError = true)]
    static extern int SystemNative_MkDir([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int mode);

    [DllImport(Library, SetLastError = true)]
    static extern int SystemNative_Stat([MarshalAs(UnmanagedType.LPUTF8Str)] string path, ref Status status);

    [DllImport(Library, SetLastError = true)]
    static extern int SystemNative_LStat([MarshalAs(UnmanagedType.LPUTF8Str)] string path, ref Status status);

    [DllImport(Library, SetLastError = true)]
    static extern int SystemNative_FStat(SafeFileHandle file, ref Status status);

    [DllImport(Library, SetLastError = true)]
    static extern int SystemNative_FLock(SafeFileHandle file, int operation);

    [DllImport(Library)]
    static extern uint SystemNative_GetEUid();
#pragma warning restore IDE1006, SYSLIB1054
}
