#Requires -Version 7.6
#Requires -Modules BackupSync
<#
.SYNOPSIS
The nightly runbook: are both databases there, sync, report, clean up.

.DESCRIPTION
Composes four cmdlets. Exits with 0 if the standby is a verified copy, with 1 if it is not (but holds what it held before),
and with 2 if it needs somebody at once. For schedulers: nothing is asked.

.EXAMPLE
pwsh -NoProfile -File runbook-nightly.ps1 -Job railway-to-neon -Config /etc/backupsync/backupsync.yml
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Job,

    [string] $Config
)

$ErrorActionPreference = 'Stop'
$configuration = $Config ? @{ Config = $Config } : @{}

# 1. Both sides are reached before anything begins. What fails here costs nothing.
$definition = (Get-DbSyncConfig @configuration).Jobs | Where-Object Name -EQ $Job
if (-not $definition) {
    throw "There is no job '$Job'."
}
$definition.SourceDatabase, $definition.TargetDatabase | Test-DbConnection -TimeoutSeconds 60 | Format-Table | Out-Host

# 2. The sync. Its error is judged below, so it must not end the script.
$run = $definition | Invoke-DbSync -Confirm:$false -InformationAction Continue -ErrorAction Continue
$run | Format-Table | Out-Host
$run.Tables | Format-Table | Out-Host

# 3. How reliable has it been? A single failure is an event, a row of them is a trend.
$month = Get-DbSyncHistory -InputObject $definition | Where-Object StartTime -GT ([datetimeoffset]::UtcNow.AddDays(-30))
'{0}: {1} of {2} runs succeeded in 30 days, {3:0.0} s on average' -f $Job,
    @($month | Where-Object Success).Count, @($month).Count, ($month | Measure-Object DurationSeconds -Average).Average

# 4. Room for the next one. A run cleans up after itself; this also does so after runs that failed.
$gone = Remove-OldBackups -InputObject $definition | Where-Object Remove
'{0} expired backups removed, {1:N0} bytes' -f @($gone).Count, [long]($gone | Measure-Object Size -Sum).Sum

switch ("$($run.Outcome)") {
    'Succeeded'      { exit 0 }
    'RollbackFailed' {
        Write-Warning "The standby needs you: restore $($run.SafetyBackup.Path) with Restore-DbSafetyBackup."
        exit 2
    }
    default          { exit 1 }
}
