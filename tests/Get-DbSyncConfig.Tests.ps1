BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $file = Join-Path $TestDrive 'backupsync.yml'
    Set-Content -LiteralPath $file -Value @'
databases:
  railway: { url: "postgresql://app:s3cret-word@db.example.org/railway", role: production }
  neon:    { url: "${BACKUPSYNC_IS_NOT_SET}" }
jobs:
  railway-to-neon: { source: railway, target: neon, backups: { directory: copies, keepDays: 3 } }
'@
    Push-Location $TestDrive
}

AfterAll {
    Pop-Location
}

Describe 'Get-DbSyncConfig' {
    It 'reads a file by parameter' {
        $config = Get-DbSyncConfig -Config $file
        $config.Path | Should -Be $file
        $config.Databases.Name | Should -Be railway, neon
        $config.Jobs.Name | Should -Be railway-to-neon
        $config.Jobs[0].Backups.KeepDays | Should -Be 3
    }

    It 'reads a file by pipeline value' {
        ($file | Get-DbSyncConfig).Path | Should -Be $file
    }

    It 'reads piped files' {
        (Get-Item $file | Get-DbSyncConfig).Path | Should -Be $file
    }

    It 'takes paths that are relative to the location, and those of drives of PowerShell' {
        (Get-DbSyncConfig ./backupsync.yml).Path | Should -Be $file
        (Get-DbSyncConfig TestDrive:/backupsync.yml).Path | Should -Be $file
    }

    It 'finds the file in a folder above' {
        Push-Location (New-Item -ItemType Directory (Join-Path $TestDrive 'a/b/c'))
        try {
            (Get-DbSyncConfig).Path | Should -Be $file
        }
        finally {
            Pop-Location
        }
    }

    It 'resolves the folder of backups against the file' {
        (Get-DbSyncConfig).Jobs[0].Backups.Directory | Should -Be (Join-Path $TestDrive 'copies')
        (Get-DbSyncConfig).Places[0].Directory | Should -Be (Join-Path $TestDrive 'backups')
    }

    It 'lists a database whose variable is not set, and fails where it is used' {
        (Get-DbSyncConfig).Databases[1].AddressProblem.Message | Should -Match 'BACKUPSYNC_IS_NOT_SET is\s+not set'
        (Get-DbSyncConfig).Databases | Out-String | Should -BeLike '*BACKUPSYNC_IS_NOT_SET*'
    }

    It 'shows when jobs run' {
        $scheduled = Join-Path $TestDrive 'scheduled.yml'
        Set-Content -LiteralPath $scheduled -Value @'
databases: { one: { url: "postgresql://localhost/one" }, two: { url: "postgresql://localhost/two" } }
jobs:
  often:   { source: one, target: two, schedule: { every: 5m } }
  daily:   { source: one, target: two, schedule: { cron: "0 6 * * *" } }
backupPlans: { hourly: { databases: all, schedule: { every: 1h } } }
'@
        $config = Get-DbSyncConfig $scheduled
        ($config.Jobs | Where-Object Name -eq often).Schedule.Every | Should -Be ([timespan]::FromMinutes(5))
        $config.Jobs | Format-Table | Out-String -Width 300 | Should -Match '(?s)often.* every 5m 00s.*daily.* 0 6 \* \* \* UTC'
        $config.BackupPlans | Out-String -Width 79 | Should -Match 'every 1h 00m'
        (Get-DbSyncConfig).Jobs | Format-Table | Out-String | Should -Not -Match 'UTC'
    }

    It 'never shows a password' {
        $config = Get-DbSyncConfig
        foreach ($object in $config, $config.Databases, $config.Jobs, $config.Databases[0].Address) {
            $object | Format-Table | Out-String | Should -Not -Match 's3cret'
            $object | Format-List * | Out-String | Should -Not -Match 's3cret'
            "$object" | Should -Not -Match 's3cret'
        }
        $config.Jobs | ConvertTo-Json -Depth 6 -WarningAction SilentlyContinue -ErrorAction SilentlyContinue | Should -Not -Match 's3cret'
    }

    It 'tells all mistakes at once' {
        $broken = Join-Path $TestDrive 'broken.yml'
        Set-Content -LiteralPath $broken -Value "databases:`n  one: { ulr: x }`njobs:`n  copy: { source: one, target: two }"
        { Get-DbSyncConfig $broken } |
            Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,BackupSync.Module.Commands.GetDbSyncConfigCommand' -ExpectedMessage '*broken.yml:2:*ulr*url*broken.yml:4:*'
    }

    It 'says where it looked when there is none' {
        Push-Location ([System.IO.Path]::GetPathRoot($TestDrive))
        try {
            { Get-DbSyncConfig } | Should -Throw -ErrorId 'BackupSync.ConfigurationNotFound,*' -ExpectedMessage '*BACKUPSYNC_CONFIG*'
        }
        finally {
            Pop-Location
        }
    }
}
