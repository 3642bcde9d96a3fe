using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace BackupSync.Tests;

/// <summary>
/// The module's tests are Pester's (tests/*.Tests.ps1): this runs them all in one PowerShell, the one of .config/dotnet-tools.json,
/// and reports each of them, so that <c>dotnet test</c> is all there is to run.
/// </summary>
public sealed class PesterTests
{
    /// <summary>At run time only: whoever lists tests waits for no build and no server.</summary>
    [SkippableTheory]
    [MemberData(nameof(RunAll), DisableDiscoveryEnumeration = true)]
    public void Pester(PesterTest test)
    {
        if (test.Result == "Skipped")
        {
            Assert.False(string.IsNullOrWhiteSpace(test.Message), "It is skipped and does not say why: Set-ItResult -Skipped -Because …");
            Skip.If(true, test.Message);
        }
        Assert.True(test.Result == "Passed", $"{test.Result}: {test.Message}");
    }

    public static TheoryData<PesterTest> RunAll()
    {
        var folder = Directory.CreateTempSubdirectory("backupsync-pester-").FullName;
        try
        {
            var results = Path.Combine(folder, "results.json");
            Run("tool", "restore");
            var output = Run("tool", "run", "pwsh", "-NoProfile", "-NonInteractive", "-File", "build.ps1",
                "-Task", "Build,Test", "-Output", folder, "-Results", results);
            if (!File.Exists(results))
                throw new InvalidOperationException($"The Pester tests did not run to their end:\n{output}");
            var tests = JsonSerializer.Deserialize<PesterTest[]>(File.ReadAllBytes(results), JsonSerializerOptions.Web)!;
            return tests.Length > 0 ? [.. tests] : throw new InvalidOperationException($"There was no Pester test:\n{output}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <returns>What dotnet and the program that it runs had to say, in the order in which they said it.</returns>
    static string Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = RepositoryRoot(),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NO_COLOR"] = "1";
        // The builds of a test run are not to hold each other's servers of MSBuild.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        var lines = new List<string>();
        using var process = new Process { StartInfo = start };
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        // Failed tests end PowerShell with their number; the results tell which they are.
        return arguments is ["tool", "restore"] && process.ExitCode != 0
            ? throw new InvalidOperationException($"dotnet tool restore brings no PowerShell:\n{string.Join('\n', lines)}")
            : string.Join('\n', lines);

        void Keep(object sender, DataReceivedEventArgs e)
        {
            lock (lines)
            {
                if (e.Data is { } line)
                    lines.Add(line);
            }
        }
    }

    static string RepositoryRoot([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));
}
