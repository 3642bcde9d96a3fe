#Requires -Version 7.6
#Requires -Modules BackupSync
<#
.SYNOPSIS
The monthly drill: restore the newest backup of every database on trial, and report against the objectives.

.DESCRIPTION
Each backup is restored into a throw-away server on this machine, every row is compared, and the time it took and the age of
its data are held against the database's tier. Writes a report of one line for each database, as CSV where a file is named.
Exits with 0 if all of them came back within their objectives, else with 1.

.EXAMPLE
./runbook-drill.ps1 -Report "drill-$(Get-Date -Format yyyy-MM).csv"
#>
[CmdletBinding()]
param(
    # All of the configuration where none is named.
    [string[]] $Database,

    # The place the backups are fetched from; the one that would be used in an emergency is the one to prove.
    [string] $Place,

    [string] $Report,

    [string] $Config
)

$ErrorActionPreference = 'Stop'
$configuration = $Config ? @{ Config = $Config } : @{}
$where = $Place ? @{ Place = $Place } : @{}
$names = $Database ? $Database : (Get-DbSyncConfig @configuration).Databases.Name

$lines = foreach ($name in $names) {
    $backup = Get-DbBackup $name -Latest @where @configuration
    if (-not $backup) {
        [pscustomobject]@{ Database = $name; Result = 'no backup'; Backup = $null; Rows = $null; RecoverySeconds = $null; RtoMet = $null; DataAgeHours = $null; RpoMet = $null }
        continue
    }
    $drill = $backup | Test-DbBackup -Restore @configuration -ErrorAction Continue
    [pscustomobject]@{
        Database        = $name
        Result          = $drill.Success ? 'proven' : $drill.Error.Message
        Backup          = $backup.FileName
        Rows            = $backup.Rows
        RecoverySeconds = $drill.Recovery.Seconds
        RtoMet          = $drill.Recovery.RtoMet
        DataAgeHours    = $drill.Recovery ? [math]::Round($drill.Recovery.DataAgeSeconds / 3600, 1) : $null
        RpoMet          = $drill.Recovery.RpoMet
    }
}

$lines | Format-Table | Out-Host
if ($Report) {
    $lines | Export-Csv $Report
}
exit [int]([bool]($lines | Where-Object { $_.Result -ne 'proven' -or $_.RtoMet -eq $false -or $_.RpoMet -eq $false }))
