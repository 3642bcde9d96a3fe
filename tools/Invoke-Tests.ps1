#Requires -Version 7.4
<#
.SYNOPSIS
Runs the Pester tests against a built module, and ends with a line to count by: N passed, N failed, N skipped.

.DESCRIPTION
Pester comes from NuGet, in the version of tests/BackupSync.Module.Tests: what else is installed does not matter.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Module,
    [Parameter(Mandatory)] [string] $Path,
    # Where to write what became of each test, as JSON.
    [string] $Results
)

$ErrorActionPreference = 'Stop'
$project = Join-Path $PSScriptRoot '..' 'tests' 'BackupSync.Module.Tests'
dotnet restore $project --verbosity quiet --nologo
$pester = dotnet msbuild $project -getProperty:PesterModule
if ($LASTEXITCODE -or -not (Test-Path -LiteralPath $pester)) {
    throw "Pester could not be restored from NuGet: $pester"
}
Import-Module $pester
$env:BACKUPSYNC_TEST_MODULE = (Resolve-Path -LiteralPath $Module).Path

$configuration = New-PesterConfiguration
$configuration.Run.Path = @(Get-ChildItem -LiteralPath $Path -Filter *.Tests.ps1 | ForEach-Object FullName)
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$configuration.Output.CIFormat = 'None'
try {
    $result = Invoke-Pester -Configuration $configuration
}
finally {
    # The servers that the tests share.
    Get-Module Support | ForEach-Object { & $_ { Stop-TestServer } }
}

if ($Results) {
    # A block's own failure (its BeforeAll, say) and a file that could not be read are tests that failed, too.
    ConvertTo-Json -Depth 3 @(
        foreach ($part in @($result.FailedContainers) + @($result.FailedBlocks) + @($result.Tests)) {
            @{
                name    = '{0}: {1}' -f (Split-Path -Leaf "$($part.Item ?? $part.ScriptBlock.File)"), ($part.ExpandedPath ?? 'the whole file')
                result  = "$($part.Result)"
                message = @($part.ErrorRecord | ForEach-Object { $_.Exception.Message; if ($part.Result -ne 'Skipped') { $_.ScriptStackTrace } }) -join "`n"
            }
        }
    ) | Set-Content -LiteralPath $Results
}

'{0} passed, {1} failed, {2} skipped' -f $result.PassedCount, $result.FailedCount, ($result.SkippedCount + $result.NotRunCount)
exit [Math]::Min(100, $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount)
