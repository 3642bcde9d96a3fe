BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    Push-Location $pair.Folder
    $first = Invoke-DbSync copy -Confirm:$false
    $second = Invoke-DbSync copy -Confirm:$false
}

AfterAll {
    Pop-Location
}

Describe 'Get-DbBackup' {
    It 'lists by parameter, newest first' {
        $backups = Get-DbBackup -Job copy
        $backups.Count | Should -Be 4
        $backups.Created | Should -Be ($backups.Created | Sort-Object -Descending)
    }

    It 'lists by pipeline value' {
        @('copy' | Get-DbBackup).Count | Should -Be 4
    }

    It 'lists those of piped jobs, without looking for a configuration' {
        $jobs = (Get-DbSyncConfig).Jobs
        Push-Location $TestDrive
        try {
            @($jobs | Get-DbBackup).Count | Should -Be 4
        }
        finally {
            Pop-Location
        }
    }

    It 'takes the job of runs by property name' {
        @($second | Get-DbBackup -Kind Source).Count | Should -Be 2
    }

    It 'lists those of a folder, without a configuration' {
        @(Get-DbBackup -Directory $pair.Backups).Count | Should -Be 4
    }

    It 'lists by kind' {
        $safety = Get-DbBackup copy -Kind Safety
        $safety.Count | Should -Be 2
        $safety[0] | Should -Be $second.SafetyBackup
        $safety[0].Rows | Should -Be 600
        $safety[1] | Should -Be $first.SafetyBackup
        $safety[1].Rows | Should -Be 0
    }

    It 'lists the latest of each kind' {
        $latest = Get-DbBackup copy -Latest
        $latest.Count | Should -Be 2
        $latest.RunId | Select-Object -Unique | Should -Be $second.RunId
    }

    It 'shows a table with human sizes' {
        Get-DbBackup copy | Out-String -Width 79 | Should -Match '(?s)Created\s+Database\s+Kind\s+Size\s+Place\s+Proven.*second\s+Safety.*\d+ kB'
        Get-DbBackup copy | Format-Table -View Wide | Out-String -Width 250 | Should -Match 'second\s+Safety .*second_safety_backup_'
    }

    It 'warns of what looks like a backup and is none' {
        Copy-Item $second.SourceBackup.Path (Join-Path $pair.Backups 'source_db_backup_20200101_000000.dump')
        @(Get-DbBackup copy -WarningVariable warnings -WarningAction SilentlyContinue).Count | Should -Be 4
        $warnings.Count | Should -Be 1
        "$warnings" | Should -BeLike '*source_db_backup_20200101_000000.dump*'
    }

    It 'lists nothing where nothing is' {
        $empty = New-TestPair (Join-Path $TestDrive 'empty')
        Get-DbBackup -Config $empty.Config | Should -BeNullOrEmpty
    }

    It 'names the nearest job for one that does not exist' {
        { Get-DbBackup -Job cpoy -ErrorAction Stop } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'copy'?"
    }

    It 'lists what jobs hold of a database, and takes a job for a name that is no database' {
        @(Get-DbBackup first).Count | Should -Be 2
        @(Get-DbBackup -Database copy).Count | Should -Be 4
        @(Get-DbBackup).Count | Should -Be 4
    }

    It 'does not take a job''s backups for the latest of a database, unless asked by kind' {
        Get-DbBackup -Latest | Should -BeNullOrEmpty
        (Get-DbBackup -Latest -Kind Source).RunId | Should -Be $second.RunId
    }

    Context 'over places' {
        BeforeAll {
            $vault = New-TestVault (Join-Path $TestDrive 'vault')
            Push-Location $vault.Folder
            $old = New-DbBackup auth, trading -Tag pre-deployment-1
            $old.SourceBackup | ForEach-Object { Set-BackupAge $_ 10 }
            $new = New-DbBackup auth, trading -Tag pre-deployment-2
            Invoke-DbBackupPlan nightly | Out-Null
        }

        AfterAll {
            Pop-Location
        }

        It 'lists everything, a copy in another place as one more' {
            @(Get-DbBackup).Count | Should -Be 8
            (Get-DbBackup).Place | Sort-Object -Unique | Should -Be local, offsite
        }

        It 'lists by database, tag and time' {
            (Get-DbBackup auth -Tag 'pre-deployment-*' -After (Get-Date).AddDays(-7)).Sha256 | Should -Be ($new | Where-Object Source -EQ auth).SourceBackup.Sha256
            (Get-DbBackup auth -Before (Get-Date).AddDays(-7)).Tag | Should -Be pre-deployment-1
            @(Get-DbBackup auth, trading -Kind Plan).Count | Should -Be 4
            @(Get-DbBackup trading -Place offsite).Count | Should -Be 1
        }

        It 'reads a moment as the command line does: in UTC where no offset is stated, and no other form than ISO 8601' {
            $created = $new[0].SourceBackup.Created.UtcDateTime
            $database = $new[0].SourceBackup.Database
            $text = $created.AddSeconds(1).ToString('yyyy-MM-dd HH:mm:ss')
            $zone = $env:TZ
            try {
                $env:TZ = 'Asia/Tokyo'
                [TimeZoneInfo]::ClearCachedData()
                (Get-DbBackup $database -Tag pre-deployment-2 -Before $text).Count | Should -Be 1
                Get-DbBackup $database -Tag pre-deployment-2 -After $text | Should -BeNullOrEmpty
                (Get-DbBackup $database -Tag pre-deployment-2 -Before $created.AddSeconds(1).ToLocalTime()).Count | Should -Be 1
                (Get-DbBackup $database -Tag pre-deployment-2 -Before "$($text)+09:00").Count | Should -Be 0
            }
            finally {
                $env:TZ = $zone
                [TimeZoneInfo]::ClearCachedData()
            }
            { Get-DbBackup -Before 01/02/2024 } | Should -Throw -ExpectedMessage "*'01/02/2024' is no moment*"
        }

        It 'lists by pipeline value, by piped databases, and by plan' {
            @('auth' | Get-DbBackup).Count | Should -Be 4
            @((Get-DbSyncConfig).Databases | Where-Object Name -EQ auth | Get-DbBackup).Count | Should -Be 4
            @(Get-DbBackup -Job nightly).Count | Should -Be 4
            @(Get-DbBackup -Job by-hand -Latest).Count | Should -Be 2
        }

        It 'lists the newest of each database' {
            $latest = Get-DbBackup -Latest
            $latest.Database | Sort-Object | Should -Be auth, trading
            "$($latest.Kind)" | Should -Be 'Plan Plan'
            Get-DbBackup missing -Latest | Should -BeNullOrEmpty
        }

        It 'shows a table with tag and place' {
            Get-DbBackup auth | Format-Table -View Wide | Out-String -Width 250 |
                Should -Match '(?s)auth\s+Plan\s[^\n]*\s(local|offsite)\s+read,.*auth\s+Manual\s[^\n]*\slocal\s[^\n]*pre-deployment-2[^\n]*auth_manual_backup_'
        }

        It 'goes on where a name is unknown, and lists nothing else for it' {
            $listed = Get-DbBackup auht, auth -ErrorAction SilentlyContinue -ErrorVariable errors
            $listed.Database | Select-Object -Unique | Should -Be auth
            $errors.TargetObject | Should -Be auht
            Get-DbBackup auht -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            @(Get-DbBackup -Job nihgtly, nightly -ErrorAction SilentlyContinue).Count | Should -Be 4
            { Get-DbBackup -Place offiste } | Should -Throw
            $Error[0].TargetObject | Should -Be offiste
        }

        It 'names the nearest for a name that does not exist' {
            { Get-DbBackup auht -ErrorAction Stop } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'auth'?"
            { Get-DbBackup -Place offiste } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'offsite'?"
        }
    }
}
