BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    Set-Content (Join-Path $TestDrive 'backupsync.yml') @'
databases:
  railway: { url: "${BACKUPSYNC_IS_NOT_SET}", role: production }
  neon:    { url: "postgresql://localhost/neon" }
jobs:
  railway-to-neon: { source: railway, target: neon }
  railway-to-neon-2: { source: railway, target: neon }
places:
  local:   { directory: backups }
  offsite: { s3: { bucket: acme, prefix: pg/, region: eu-west-3 } }
backupPlans:
  nightly: { databases: [railway, neon] }
'@
    $other = Join-Path $TestDrive 'other.yml'
    Set-Content $other "databases:`n  one: { url: 'postgresql://localhost/a' }`n  two: { url: 'postgresql://localhost/b' }`njobs:`n  copy: { source: one, target: two }"
    Push-Location $TestDrive
}

AfterAll {
    Pop-Location
}

Describe 'Tab' {
    It 'completes the jobs of <Line>' -ForEach @(
        @{ Line = 'Invoke-DbSync ' }
        @{ Line = 'Invoke-DbSync -Job ' }
        @{ Line = 'Get-DbBackup -Job ' }
        @{ Line = 'Compare-DbData -Job ' }
        @{ Line = 'Remove-OldBackups -Job ' }
        @{ Line = 'Restore-DbSafetyBackup -Job ' }
        @{ Line = 'Invoke-DbSync RAIL' }
    ) {
        (Get-Completion $Line).CompletionText | Should -Be railway-to-neon, railway-to-neon-2
    }

    It 'completes what has a history' {
        (Get-Completion 'Get-DbSyncHistory ').CompletionText | Should -Be railway-to-neon, railway-to-neon-2, nightly, railway, neon, by-hand
        (Get-Completion 'Get-DbSyncHistory -Job railway-').CompletionText | Should -Be railway-to-neon, railway-to-neon-2
        (Get-Completion 'Get-DbSyncHistory -Database ').CompletionText | Should -Be railway, neon
    }

    It 'completes what has a status' {
        (Get-Completion 'Get-DbStatus ').CompletionText | Should -Be railway, neon, railway-to-neon, railway-to-neon-2
    }

    It 'completes databases' {
        (Get-Completion 'Test-DbConnection ').CompletionText | Should -Be railway, neon
        (Get-Completion 'Test-DbConnection railway, n').CompletionText | Should -Be neon
    }

    It 'completes the databases of <Line>' -ForEach @(
        @{ Line = 'New-DbBackup ' }
        @{ Line = 'Compare-DbData ' }
        @{ Line = 'Compare-DbData railway ' }
        @{ Line = 'Compare-DbData -Target ' }
        @{ Line = 'Get-DbBackup ' }
        @{ Line = 'Restore-DbBackup ' }
        @{ Line = 'Restore-DbBackup railway -Latest -To ' }
        @{ Line = 'Export-DbArchive ' }
        @{ Line = 'Import-DbArchive x.dump -To ' }
        @{ Line = 'Copy-DbBackup ' }
        @{ Line = 'Test-DbBackup -On ' }
        @{ Line = 'Initialize-DbSecondary ' }
        @{ Line = 'Initialize-DbSecondary neon -From ' }
    ) {
        (Get-Completion $Line).CompletionText | Should -Be railway, neon
    }

    It 'completes plans and places' {
        (Get-Completion 'Invoke-DbBackupPlan ').CompletionText | Should -Be nightly
        (Get-Completion 'Invoke-DbBackupPlan ')[0].ToolTip | Should -Be 'railway, neon → local'
        foreach ($line in 'New-DbBackup neon -Place ', 'Get-DbBackup -Place ', 'Copy-DbBackup -Latest -To ', 'Remove-OldBackups -Place ', 'Restore-DbBackup neon -Place ') {
            (Get-Completion $line).CompletionText | Should -Be local, offsite
        }
        (Get-Completion 'New-DbBackup neon -Place off').ToolTip | Should -Be 's3://acme/pg/'
    }

    It 'completes tags and tables of the backups that are here' {
        $vault = New-TestVault (Join-Path $TestDrive 'vault')
        New-DbBackup auth -Tag pre-deployment-1 -Config $vault.Config | Out-Null
        (Get-Completion "Restore-DbBackup auth -Config $($vault.Config) -Tag pre").CompletionText | Should -Be pre-deployment-1
        (Get-Completion "Restore-DbBackup auth -Latest -Config $($vault.Config) -Table public.u").CompletionText | Should -Be public.users
        (Get-Completion "Copy-DbBackup trading -Config $($vault.Config) -Tag ").CompletionText | Should -Be pre-deployment-1
    }

    It 'completes tables by their bare names, too, and those of a comparison' {
        $config = (New-TestVault (Join-Path $TestDrive 'tables')).Config
        New-DbBackup auth -Config $config | Out-Null
        (Get-Completion "Restore-DbBackup auth -Latest -Config $config -Table u").CompletionText | Should -Be public.users
        (Get-Completion "Compare-DbData auth auth_copy -Config $config -Table us").CompletionText | Should -Be public.users
        (Get-Completion "Compare-DbData auth auth_copy -Config $config -Table public.u").CompletionText | Should -Be public.users
        Get-Completion "Compare-DbData trading auth_copy -Config $config -Table u" | Should -BeNullOrEmpty
    }

    It 'completes the tags that there are, and never files, for <_>' -ForEach @(
        'New-DbBackup auth', 'Set-DbBackup auth -Latest', 'Get-DbBackup', 'Copy-DbBackup -To local', 'Test-DbBackup', 'Remove-DbBackup'
    ) {
        $config = (New-TestVault (Join-Path $TestDrive "tags$([guid]::NewGuid().ToString('N'))")).Config
        Get-Completion "$_ -Config $config -Tag " | Should -BeNullOrEmpty
        New-DbBackup auth -Tag pre-deployment-2 -Config $config | Out-Null
        (Get-Completion "$_ -Config $config -Tag ").CompletionText | Should -Be pre-deployment-2
    }

    It 'completes modes' {
        (Get-Completion 'Invoke-DbSync railway-to-neon -Mode ').CompletionText | Should -Be Full, Incremental
        (Get-Completion 'Invoke-DbSync railway-to-neon -Mode i').CompletionText | Should -Be Incremental
    }

    It 'tells what a job does' {
        (Get-Completion 'Invoke-DbSync ')[0].ToolTip | Should -Be 'railway → neon'
    }

    It 'looks into the configuration that the line names' {
        (Get-Completion "Invoke-DbSync -Config other.yml -Job ").CompletionText | Should -Be copy
    }

    It 'completes nothing and says nothing where there is no configuration' {
        Push-Location ([System.IO.Path]::GetPathRoot($TestDrive))
        try {
            (Get-Completion 'Invoke-DbSync zzz').CompletionText | Should -BeNullOrEmpty
        }
        finally {
            Pop-Location
        }
    }
}
