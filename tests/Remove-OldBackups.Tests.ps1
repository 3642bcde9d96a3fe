BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    Push-Location $pair.Folder
}

AfterAll {
    Pop-Location
}

Describe 'Remove-OldBackups' {
    BeforeEach {
        # Two runs, the first of them ten days ago, as the manifests of its backups tell. Manifests of format 1 have no checksum to fit.
        Remove-Item $pair.Backups -Recurse -ErrorAction Ignore
        $old = Invoke-DbSync copy -Confirm:$false
        $new = Invoke-DbSync copy -Confirm:$false
        foreach ($backup in $old.SourceBackup, $old.SafetyBackup) {
            $manifest = "$($backup.Path).json"
            (Get-Content $manifest -Raw) -replace '("created":\s*")[^"]+', "`${1}$($backup.Created.AddDays(-10).ToString('o'))" -replace '"format": 2', '"format": 1' | Set-Content $manifest -NoNewline
        }
        # So is its record, which is looked for in the months around its backups; a history of all months is read whatever they are.
        Get-Item (Join-Path $pair.Backups 'history-*.jsonl') | ForEach-Object { Get-Content $_; Remove-Item $_ } |
            Set-Content (Join-Path $pair.Backups 'history.jsonl')
        $oldFiles = $old.SourceBackup.Path, $old.SafetyBackup.Path | Sort-Object
        $newFiles = $new.SourceBackup.Path, $new.SafetyBackup.Path
    }

    It 'tells of every file why it would go or stay with -WhatIf, and removes nothing' {
        $decisions = Remove-OldBackups -Job copy -KeepDays 7 -WhatIf
        ($decisions | Where-Object Remove).Path | Sort-Object | Should -Be $oldFiles
        ($decisions | Where-Object Remove).Reason | Select-Object -Unique | Should -Be 'older than 7 days'
        ($decisions | Where-Object Remove -EQ $false).Reason | Should -Contain 'the newest source backup of copy'
        $oldFiles | Should -Exist
    }

    It 'removes by parameter what has expired, with its manifest' {
        $decisions = Remove-OldBackups -Job copy -KeepDays 7
        ($decisions | Where-Object Remove).Path | Sort-Object | Should -Be $oldFiles
        $oldFiles + $oldFiles.ForEach{ "$_.json" } | Should -Not -Exist
        $newFiles | Should -Exist
    }

    It 'removes by pipeline value, with the job''s own number of days' {
        'copy' | Remove-OldBackups | Out-Null
        $oldFiles | Should -Not -Exist
        $newFiles | Should -Exist
    }

    It 'removes for piped jobs, without looking for a configuration' {
        $jobs = (Get-DbSyncConfig).Jobs
        Push-Location $TestDrive
        try {
            $jobs | Remove-OldBackups | Out-Null
        }
        finally {
            Pop-Location
        }
        $oldFiles | Should -Not -Exist
    }

    It 'removes from a folder' {
        Remove-OldBackups -Directory ./backups -KeepDays 9 | Out-Null
        $oldFiles | Should -Not -Exist
        $newFiles | Should -Exist
    }

    It 'keeps what is younger' {
        Remove-OldBackups copy -KeepDays 30 | Where-Object Remove | Should -BeNullOrEmpty
        $oldFiles | Should -Exist
    }

    It 'keeps the newest, whatever is asked' {
        Remove-OldBackups copy -KeepDays 0 | Out-Null
        $oldFiles | Should -Not -Exist
        $newFiles | Should -Exist
    }

    It 'keeps what no manifest says is a backup' {
        $foreign = Join-Path $pair.Backups 'source_db_backup_20200101_000000.dump'
        Set-Content $foreign 'not ours'
        (Remove-OldBackups copy -KeepDays 0 | Where-Object Path -EQ $foreign).Remove | Should -BeFalse
        $foreign | Should -Exist
    }

    It 'shows a table' {
        Remove-OldBackups copy -KeepDays 7 -WhatIf | Out-String -Width 200 | Should -Match '(?s)Action\s+File\s+Reason.*Keep.*the\s+newest.*Remove.*older\s+than\s+7\s+days'
    }

    It 'writes an error for a file that cannot be removed' {
        if ($IsWindows -or (id -u) -eq 0) { Set-ItResult -Skipped -Because 'root may remove any file, and Windows has no modes' }
        chmod u-w $pair.Backups
        try {
            Remove-OldBackups copy -KeepDays 7 -ErrorAction SilentlyContinue -ErrorVariable errors | Where-Object Remove | Should -BeNullOrEmpty
            $errors.Count | Should -Be 2
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.FileFailed,*'
        }
        finally {
            chmod u+w $pair.Backups
        }
    }

    It 'refuses a number that makes no sense' {
        { Remove-OldBackups copy -KeepDays -1 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'names the nearest job for one that does not exist' {
        { Remove-OldBackups cpoy } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'copy'?"
    }
}

Describe 'Remove-OldBackups over places' {
    BeforeAll {
        $vault = New-TestVault (Join-Path $TestDrive 'vault')
        Push-Location $vault.Folder
        $byHand = (New-DbBackup auth).SourceBackup
        Invoke-DbBackupPlan nightly | Out-Null
        $old = Get-DbBackup auth -Kind Plan
        $old | ForEach-Object { Set-BackupAge $_ 10 }
        Set-BackupAge $byHand 10
        New-DbBackup auth | Out-Null
        # A plan removes what has expired itself; here its newer backup is taken by a plan that keeps for long.
        (Get-Content $vault.Config -Raw) -replace 'days: 7', 'days: 300' | Set-Content $vault.Config
        Invoke-DbBackupPlan nightly | Out-Null
        (Get-Content $vault.Config -Raw) -replace 'days: 300', 'days: 7' | Set-Content $vault.Config
    }

    AfterAll {
        Pop-Location
    }

    It 'says what each file''s rule says with -WhatIf, in every place, and removes nothing' {
        $decisions = Remove-OldBackups -WhatIf
        ($decisions | Where-Object Remove).Path | Sort-Object | Should -Be ($old.Path | Sort-Object)
        ($decisions | Where-Object Remove).Reason | Select-Object -Unique | Should -Be 'older than 7 days'
        ($decisions | Where-Object Path -EQ $byHand.Path).Reason | Should -Be 'taken by hand'
        ($decisions | Where-Object Remove -EQ $false).Reason | Should -Contain 'the newest backup of auth by the plan nightly'
        $old.Path | Should -Exist
        ($decisions | Where-Object Remove).Place | Should -Contain offsite
        $decisions | Out-String -Width 200 | Should -Match '(?s)Action\s+File\s+Reason.*Remove.*older\s+than\s+7\s+days'
    }

    It 'leaves places alone where a number of days is given' {
        Remove-OldBackups -KeepDays 0 | Should -BeNullOrEmpty
        { Remove-OldBackups -KeepDays 0 -Place local } | Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*'
    }

    It 'removes from the place that is named, and then from all' {
        Remove-OldBackups -Place offsite | Where-Object Remove | ForEach-Object { $_.Backup.Place } | Should -Be offsite
        ($old | Where-Object Place -EQ offsite).Path | Should -Not -Exist
        ($old | Where-Object Place -EQ local).Path | Should -Exist
        Remove-OldBackups | Out-Null
        $old.Path | Should -Not -Exist
        $byHand.Path | Should -Exist
    }

    It 'writes an error for a place out of reach, and goes on' {
        $closed = New-TestVault (Join-Path $TestDrive 'closed') -Places '  bucket:  { s3: { bucket: none, endpoint: "http://127.0.0.1:1", region: eu, accessKey: a, secretKey: b } }'
        New-DbBackup auth -Config $closed.Config -Place offsite | Out-Null
        $decisions = Remove-OldBackups -Place bucket, offsite -Config $closed.Config -ErrorAction SilentlyContinue -ErrorVariable errors
        @($decisions).Count | Should -Be 1
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.PlaceFailed,BackupSync.Module.Commands.RemoveOldBackupsCommand'
    }
}
