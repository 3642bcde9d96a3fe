using System.Reflection;
using System.Runtime.Loader;

namespace BackupSync;

/// <summary>
/// Where the cmdlets, the core and everything they depend on are loaded. Other modules bring their own versions of
/// Npgsql or YamlDotNet into the session; here each finds ours and nobody else does.
/// </summary>
/// <remarks>
/// The assembly of this class is the only one that PowerShell loads itself, so it must not refer to any of the others.
/// </remarks>
public sealed class LoadContext : AssemblyLoadContext
{
    static readonly Lazy<LoadContext> Instance = new(() => new LoadContext());

    readonly AssemblyDependencyResolver _resolver;
    readonly Assembly _module;

    LoadContext() : base(nameof(BackupSync))
    {
        var path = Path.Combine(Directory, "BackupSync.Module.dll");
        _resolver = new AssemblyDependencyResolver(path);
        _module = LoadFromAssemblyPath(path);
    }

    /// <summary>The folder that all assemblies come from: a session can only ever use one copy of the module.</summary>
    public static string Directory => Path.GetDirectoryName(typeof(LoadContext).Assembly.Location)!;

    /// <summary>The assembly with the cmdlets, for <c>Import-Module -Assembly</c>. The same one however often it is asked for.</summary>
    public static Assembly Initialize() => Instance.Value._module;

    /// <summary>Null where it is none of ours: PowerShell's own assemblies and .NET's must be shared with the session.</summary>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var path = _resolver.ResolveAssemblyToPath(assemblyName);
        return path is null ? null : LoadFromAssemblyPath(path);
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        var path = _resolver.ResolveUnmanagedDllToPath(unmanagedDllName);
        return path is null ? 0 : LoadUnmanagedDllFromPath(path);
    }
}
