#Requires -Version 7.4
<#
.SYNOPSIS
Runs the Pester tests against a built module, and ends with a line to count by: N passed, N failed, N skipped.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Module,
    [Parameter(Mandatory)] [string] $Path
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module Pester -ListAvailable | Where-Object Version -ge '5.0')) {
    throw 'Pester 5 is not installed: Install-PSResource Pester'
}
Import-Module Pester -MinimumVersion 5.0
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

'{0} passed, {1} failed, {2} skipped' -f $result.PassedCount, $result.FailedCount, ($result.SkippedCount + $result.NotRunCount)
exit [Math]::Min(100, $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount)
