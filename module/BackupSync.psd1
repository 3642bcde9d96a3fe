@{
    RootModule           = 'BackupSync.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '6c3a5f0e-8d8e-4b3b-9d0e-5b2f7f6f4a51'
    Author               = 'The BackupSync authors'
    CompanyName          = 'Community'
    Copyright            = '(c) The BackupSync authors. MIT license.'
    Description          = 'Keeps a second PostgreSQL database a verified, restorable copy of a first one: one command syncs, verifies every row, keeps safety backups, and never leaves the target broken.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('BackupSync.Format.ps1xml')
    NestedModules        = @()
    FunctionsToExport    = @()
    CmdletsToExport      = @(
        'Compare-DbData'
        'Confirm-DbAlert'
        'Copy-DbBackup'
        'Export-DbArchive'
        'Export-DbSyncSchedule'
        'Get-DbAlert'
        'Get-DbBackup'
        'Get-DbHealth'
        'Get-DbStatus'
        'Get-DbSyncConfig'
        'Get-DbSyncHistory'
        'Get-DbSyncSchedule'
        'Import-DbArchive'
        'Initialize-DbSecondary'
        'Invoke-DbBackupPlan'
        'Invoke-DbSync'
        'New-DbBackup'
        'New-DbSyncConfig'
        'New-DbSyncReport'
        'Remove-DbBackup'
        'Remove-OldBackups'
        'Restore-DbBackup'
        'Restore-DbSafetyBackup'
        'Resume-DbSyncSchedule'
        'Set-DbBackup'
        'Set-DbBackupSignature'
        'Suspend-DbSyncSchedule'
        'Test-DbAlertChannel'
        'Test-DbBackup'
        'Test-DbConnection'
        'Test-DbSyncConfig'
    )
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'What is new is in CHANGELOG.md of the source. Nothing has been released yet.'
            Tags         = @('PostgreSQL', 'Backup', 'Sync', 'Neon', 'Railway', 'DisasterRecovery', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
        }
    }
}
