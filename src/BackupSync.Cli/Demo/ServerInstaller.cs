using BackupSync.Sandbox;

namespace BackupSync.Cli.Demo;

/// <summary>Brings server programs that this machine lacks, where it lets us and whoever sits in front of it agrees.</summary>
/// <param name="mayInstall">Asked in a sentence.</param>
/// <param name="tell">Told in a sentence, for it takes a while.</param>
sealed class ServerInstaller(DebianPackages packages, Func<string, bool> mayInstall, Action<string> tell)
{
    /// <returns>Whether they were installed.</returns>
    /// <exception cref="BackupSyncException">They could not be, though it should have been possible.</exception>
    public async Task<bool> InstallAsync(int? major, CancellationToken cancellationToken)
    {
        var package = DebianPackages.ServerPackage(major);
        if (!await packages.CanInstallAsync(cancellationToken)
            || !mayInstall($"{ServerPrograms.Wanted(major)} were not found. The package {package} would be installed with apt-get."))
            return false;
        tell($"{ServerPrograms.Wanted(major)} were not found: installing the package {package} with apt-get.");
        await packages.InstallServerAsync(package, cancellationToken);
        return true;
    }
}
