namespace BackupSync.Tests;

/// <summary>What tools/Invoke-Tests.ps1 says of one test, or of a block or a file that failed as a whole.</summary>
/// <param name="Name">The file, the blocks and the test, as in "Help.Tests.ps1: Help of Invoke-DbSync.has examples".</param>
/// <param name="Result">Passed, Failed, Skipped, or NotRun.</param>
/// <param name="Message">Why it failed, and where; why it is skipped.</param>
public sealed record PesterTest(string Name, string Result, string? Message)
{
    /// <summary>What the runner calls it.</summary>
    public override string ToString() => Name;
}
