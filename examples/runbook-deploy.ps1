#Requires -Version 7.6
#Requires -Modules BackupSync
<#
.SYNOPSIS
A deployment that can be taken back: back up, deploy, and restore where it fails.

.DESCRIPTION
Takes a backup of the database with a tag of its own, reads it back to its end, runs the deployment, and then a check of your
own. Where either fails, the database is brought back to the moment before. Exits with 0 if the deployment stands, with 1 if
it was taken back (or never begun), and with 2 if the database needs somebody at once.

What is written between the backup and the restore is lost: stop the writers, or accept that, before you deploy.

.EXAMPLE
./runbook-deploy.ps1 -Database auth -Deploy { ./migrate.sh } -Check { Invoke-RestMethod https://auth.example.com/health }
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string] $Database,

    # What changes the database. Fails by throwing, or by a program's exit code other than 0.
    [Parameter(Mandatory)]
    [scriptblock] $Deploy,

    # What has to work afterwards; likewise.
    [scriptblock] $Check = {},

    [string] $Tag = "pre-deployment-$(Get-Date -AsUTC -Format yyyyMMddTHHmmss)",

    [string] $Config
)

$ErrorActionPreference = 'Stop'
$configuration = $Config ? @{ Config = $Config } : @{}

function Invoke-Stage([scriptblock] $Stage) {
    $global:LASTEXITCODE = 0
    & $Stage | Out-Host
    if ($LASTEXITCODE) {
        throw "It ended with exit code $LASTEXITCODE."
    }
}

# 1. A backup that is known to be good, or no deployment.
$taken = New-DbBackup $Database -Tag $Tag -KeepDays 30 @configuration -InformationAction Continue
$proven = $taken | Test-DbBackup @configuration
$taken, $proven | Format-Table | Out-Host

# 2. The deployment, and whether it works.
try {
    Invoke-Stage $Deploy
    Invoke-Stage $Check
    "Deployed; $Database can be taken back to $Tag for 30 days."
    exit 0
}
catch {
    Write-Warning "The deployment failed: $_"
}

# 3. Back to where it was. A production database is only ever replaced because somebody says so here.
$restored = $taken.SourceBackup |
    Restore-DbBackup -AllowProduction -Confirm:$false @configuration -InformationAction Continue -ErrorAction Continue
$restored | Format-Table | Out-Host
if ("$($restored.Outcome)" -eq 'Succeeded') {
    "$Database is what it was before $Tag."
    exit 1
}
Write-Warning "$Database could not be brought back: $($restored.Error.Message) The backup is $($taken.SourceBackup.Path)."
exit 2
