BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    Push-Location $pair.Folder
    $runs = @(Invoke-DbSync copy -Confirm:$false) + @(Invoke-DbSync copy -Confirm:$false)
    Add-Untransferable $pair.Source
    $runs += Invoke-DbSync copy -Confirm:$false -ErrorAction SilentlyContinue
}

AfterAll {
    Pop-Location
}

Describe 'Get-DbSyncHistory' {
    It 'lists by parameter, newest first' {
        (Get-DbSyncHistory -Job copy).RunId | Should -Be $runs[2].RunId, $runs[1].RunId, $runs[0].RunId
    }

    It 'tells in a list, and where there is room in a table, why a run has failed' {
        $message = $runs[2].Error.Message -replace '\s+', ' '
        (Get-DbSyncHistory -Last 1 | Format-List | Out-String -Width 500) -replace '\s+', ' ' | Should -BeLike "*Message : *$message*"
        (Get-DbSyncHistory -Last 1 | Format-Table -View Wide | Out-String -Width 600) -replace '\s+', ' ' | Should -BeLike "*$message*"
    }

    It 'lists by pipeline value' {
        @('copy' | Get-DbSyncHistory).Count | Should -Be 3
    }

    It 'lists those of piped jobs, without looking for a configuration' {
        $jobs = (Get-DbSyncConfig).Jobs
        Push-Location $TestDrive
        try {
            @($jobs | Get-DbSyncHistory).Count | Should -Be 3
        }
        finally {
            Pop-Location
        }
    }

    It 'lists all jobs where none is named' {
        @(Get-DbSyncHistory).Count | Should -Be 3
    }

    It 'lists those of a folder' {
        @(Get-DbSyncHistory -Directory ./backups).Count | Should -Be 3
    }

    It 'lists the last ones' {
        (Get-DbSyncHistory copy -Last 2).RunId | Should -Be $runs[2].RunId, $runs[1].RunId
    }

    It 'reads moments as the command line does' {
        $zone = $env:TZ
        try {
            $env:TZ = 'Asia/Tokyo'
            [TimeZoneInfo]::ClearCachedData()
            $text = $runs[1].StartTime.UtcDateTime.AddSeconds(1).ToString('yyyy-MM-ddTHH:mm:ss')
            Get-DbSyncHistory copy -Before $text | Should -Not -BeNullOrEmpty
            Get-DbSyncHistory copy -After $runs[2].StartTime.UtcDateTime.AddMinutes(1).ToString('yyyy-MM-ddTHH:mm:ss') | Should -BeNullOrEmpty
            @(Get-DbSyncHistory copy -Before (Get-Date)).Count | Should -Be 3
        }
        finally {
            $env:TZ = $zone
            [TimeZoneInfo]::ClearCachedData()
        }
        { Get-DbSyncHistory -After 01/02/2024 } | Should -Throw -ExpectedMessage "*'01/02/2024' is no moment*"
    }

    It 'lists by outcome' {
        (Get-DbSyncHistory copy -Outcome Succeeded -Last 1).RunId | Should -Be $runs[1].RunId
        (Get-DbSyncHistory copy -Outcome RolledBack, Aborted).RunId | Should -Be $runs[2].RunId
    }

    It 'keeps all that the run had written' {
        $kept = Get-DbSyncHistory copy -Outcome Succeeded -Last 1
        $kept.SourceStats['public.users'] | Should -Be 500
        $kept.Steps.Count | Should -Be $runs[1].Steps.Count
        $kept.SafetyBackup | Should -Be $runs[1].SafetyBackup
        $kept.StartTime | Should -Be $runs[1].StartTime
        (Get-DbSyncHistory copy -Last 1).Error | Should -Be $runs[2].Error
    }

    It 'keeps how a run was done, and what it did with each table' {
        $other = New-TestPair (Join-Path $TestDrive 'incremental')
        Invoke-DbSync copy -Config $other.Config -Confirm:$false | Out-Null
        Invoke-TestSql $other.Source "INSERT INTO users VALUES (501, 'new'); UPDATE users SET name = 'changed' WHERE id = 1; DELETE FROM wallets WHERE id = 1"
        $run = Invoke-DbSync copy -Config $other.Config -Mode Incremental -Confirm:$false
        "$($run.Outcome)" | Should -Be Succeeded

        $kept = Get-DbSyncHistory copy -Config $other.Config
        "$($kept.Mode)" | Should -Be 'Incremental Full'
        $kept[1].Tables | Where-Object Changes | Should -BeNullOrEmpty
        $kept[0].SnapshotTime | Should -Be $run.SnapshotTime
        $kept[0].RpoSeconds | Should -Be $run.RpoSeconds
        $kept[0].Tables.Count | Should -Be 2
        foreach ($i in 0, 1) {
            $kept[0].Tables[$i] | Should -Be $run.Tables[$i]
        }
        $kept | Format-Table -View Wide | Out-String -Width 200 | Should -Match '(?s) Kind .* Mode .* Age .* Sync .* Incremental .* Sync .* Full '
        # As scripts in other languages find it.
        $line = Get-Content (Join-Path $other.Backups 'history-*.jsonl') | Select-Object -Last 1 | ConvertFrom-Json
        $line.mode | Should -Be Incremental
        $users = $line.tables | Where-Object table -EQ public.users | ForEach-Object changes
        "$($users.way) $($users.inserted) $($users.updated) $($users.deleted)" | Should -Be 'Content 1 1 0'
    }

    It 'shows a table' {
        Get-DbSyncHistory copy | Out-String -Width 79 | Should -Match '(?s)StartTime\s+Kind\s+Job\s+DatabaseName\s+Outcome\s+Duration.*Sync\s+copy\s+second\s+RolledBack '
        Get-DbSyncHistory copy | Format-Table -View Wide | Out-String -Width 200 | Should -Match '(?s)RestoreFailed.*\b600\b'
    }

    It 'warns of a line that is torn, and goes on' {
        $history = (Get-Item (Join-Path $pair.Backups 'history-*.jsonl'))[-1]
        Add-Content -LiteralPath $history -Value '{"run_id": "to' -NoNewline
        @(Get-DbSyncHistory copy -WarningVariable warnings -WarningAction SilentlyContinue).Count | Should -Be 3
        $warnings.Count | Should -Be 1
        "$warnings" | Should -BeLike "*$($history.Name): not the record of a run, passed over: at byte $($history.Length):*"
    }

    It 'names the nearest job for one that does not exist, and goes on with the others' {
        $found = 'cpoy', 'copy' | Get-DbSyncHistory -Last 1 -ErrorVariable failures -ErrorAction SilentlyContinue
        $found.RunId | Should -Be $runs[2].RunId
        $failures.Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.UnknownName,*'
        "$($failures[0])" | Should -BeLike "*Did you mean 'copy'?"
        $failures[0].TargetObject | Should -Be cpoy
        Get-DbSyncHistory cpoy -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'refuses a database that does not exist' {
        { Get-DbSyncHistory -Database frist } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'first'?"
    }

    It 'says that there is no such folder' {
        { Get-DbSyncHistory -Directory ./nowhere } | Should -Throw -ExpectedMessage '*no directory*nowhere*'
    }

    It 'refuses a number that makes no sense' {
        { Get-DbSyncHistory copy -Last 0 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }
}

Describe 'Get-DbSyncHistory of everything' {
    BeforeAll {
        $vault = New-TestVault (Join-Path $TestDrive 'vault')
        Push-Location $vault.Folder
        Invoke-DbBackupPlan nightly | Out-Null
        New-DbBackup auth -Tag x -ErrorAction Stop | Out-Null
        Get-DbBackup auth -Tag x | Test-DbBackup | Out-Null
        Restore-DbBackup auth -Latest -To auth_copy -Confirm:$false | Out-Null
    }

    AfterAll {
        Pop-Location
    }

    It 'lists plans, backups by hand, proofs and restores together, newest first' {
        $all = Get-DbSyncHistory
        "$($all.Kind)" | Should -Be 'Restore Verify Backup Backup Backup'
        $all[0].DatabaseName | Should -Be auth
        ($all[3, 4].DatabaseName | Sort-Object) | Should -Be auth, trading
        $all.EndTime | Should -Be ($all.EndTime | Sort-Object -Descending)
        (Get-DbSyncHistory -Last 2).RunId | Should -Be $all[0, 1].RunId
    }

    It 'lists by the name of a plan, of a database, and by hand' {
        @(Get-DbSyncHistory nightly).Count | Should -Be 2
        (Get-DbSyncHistory nightly -Database trading).DatabaseName | Should -Be trading
        "$((Get-DbSyncHistory auth).Kind)" | Should -Be 'Verify Backup Backup'
        (Get-DbSyncHistory auth_copy).Kind | Should -Be Restore
        "$((Get-DbSyncHistory -Job by-hand).Kind)" | Should -Be 'Verify Backup'
    }

    It 'lists the databases and plans that come by the pipeline as one list' {
        $config = Get-DbSyncConfig
        @($config.BackupPlans | Get-DbSyncHistory).Count | Should -Be 2
        "$(($config.Databases | Get-DbSyncHistory -Last 2).Kind)" | Should -Be 'Restore Verify'
    }

    It 'lists by kind and moment' {
        $all = Get-DbSyncHistory
        (Get-DbSyncHistory -Kind Restore, Verify).RunId | Should -Be $all[0, 1].RunId
        (Get-DbSyncHistory -After $all[2].StartTime -Before $all[1].StartTime).RunId | Should -Be $all[1, 2].RunId
        Get-DbSyncHistory -Before '2001-01-01T00:00:00Z' | Should -BeNullOrEmpty
    }
}
