BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault')
    Push-Location $vault.Folder
    $taken = New-DbBackup auth, trading
    $backup = ($taken | Where-Object Source -EQ auth).SourceBackup
}

AfterAll {
    Pop-Location
}

Describe 'Test-DbBackup' {
    It 'reads a backup to its end, by parameter, and the list shows when' {
        $run = Test-DbBackup -InputObject $backup
        "$($run.Kind) $($run.Outcome)" | Should -Be 'Verify Succeeded'
        $run.SourceBackup.Proof.Good | Should -BeTrue
        $listed = Get-DbBackup auth
        "$($listed.Proof.How)" | Should -Be Integrity
        $listed | Out-String -Width 79 | Should -Match '(?s)Proven.*read, just now'
    }

    It 'reads piped backups' {
        $runs = Get-DbBackup -Latest | Test-DbBackup
        "$($runs.Outcome)" | Should -Be 'Succeeded Succeeded'
    }

    It 'lets a script go on that wants no more than the first result, and reads no other' {
        $seen = Invoke-Unattended $vault.Folder 'Get-DbBackup -Latest | Test-DbBackup | Select-Object -First 1 | ForEach-Object { "got $($_.Outcome)" }; "after"'
        $seen.Output | Should -Be "got Succeeded`nafter"
        $seen.ExitCode | Should -Be 0
    }

    It 'takes the backups of piped runs' {
        @($taken | Test-DbBackup).Count | Should -Be 2
    }

    It 'passes over runs that have taken none' {
        $runs = New-DbBackup missing, auth -ErrorAction SilentlyContinue | Test-DbBackup -ErrorVariable errors
        @($runs).Count | Should -Be 1
        $errors | Should -BeNullOrEmpty
    }

    It 'reads a file, relative to the location, without a configuration' {
        Push-Location (Split-Path $backup.Path)
        try {
            $env:BACKUPSYNC_CONFIG = $null
            Copy-Item "$($backup.Path)*" $TestDrive
            Set-Location $TestDrive
            "$((Test-DbBackup -Path "./$($backup.FileName)").Outcome)" | Should -Be Succeeded
            "$((Get-Item $backup.FileName | Test-DbBackup).Outcome)" | Should -Be Succeeded
        }
        finally {
            Pop-Location
        }
    }

    It 'restores on trial into a throw-away server, measured against the tier' {
        $run = Get-DbBackup auth -Latest | Test-DbBackup -Restore
        "$($run.Kind) $($run.Outcome)" | Should -Be 'Drill Succeeded'
        $run.Recovery.RtoMet | Should -BeTrue
        $run.Recovery.RpoMet | Should -BeTrue
        $run | Out-String -Width 79 | Should -Match '(?s)Verdict .*RecoveredIn.*restored .*s, met \(1h 00m\)'
        "$($run.Recovery)" | Should -Match 'recovery took .*RTO 1h.* met.*RPO 15m.* met'
        "$((Get-DbBackup auth -Latest).Proof.How)" | Should -Be Drill
    }

    It 'restores on trial beside a named database, and leaves nothing there' {
        $before = Invoke-TestSql $vault.Copy 'SELECT datname::text FROM pg_database ORDER BY 1'
        $run = $backup | Test-DbBackup -Restore -On auth_copy
        "$($run.Kind) $($run.Outcome)" | Should -Be 'Drill Succeeded'
        Invoke-TestSql $vault.Copy 'SELECT datname::text FROM pg_database ORDER BY 1' | Should -Be $before
    }

    It 'writes true or false with -Quiet, and no error' {
        $damaged = (New-DbBackup trading).SourceBackup
        Set-FlippedBit $damaged.Path
        $backup, $damaged | Test-DbBackup -Quiet -ErrorVariable errors | Should -Be $true, $false
        $errors | Should -BeNullOrEmpty
    }

    It 'finds a flipped bit, says so, and the backup is no longer the latest good one' {
        $damaged = (New-DbBackup auth).SourceBackup
        (Get-DbBackup auth -Latest).Path | Should -Be $damaged.Path
        Set-FlippedBit $damaged.Path
        $run = $damaged | Test-DbBackup -ErrorAction SilentlyContinue -ErrorVariable errors
        $run.Success | Should -BeFalse
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.BackupInvalid,BackupSync.Module.Commands.TestDbBackupCommand'
        $errors[0].TargetObject | Should -Be $damaged.FileName
        (Get-DbBackup auth -Latest).Path | Should -Not -Be $damaged.Path
        Get-DbBackup auth | Out-String -Width 250 | Should -BeLike '*BAD, just now*'
    }

    It 'reads and restores encrypted ones, with the passphrase only' {
        $encrypted = New-TestVault (Join-Path $TestDrive 'encrypted') -Encrypted
        $secret = (New-DbBackup auth -Config $encrypted.Config -WarningAction SilentlyContinue).SourceBackup
        "$(($secret | Test-DbBackup -Config $encrypted.Config).Outcome)" | Should -Be Succeeded
        "$(($secret | Test-DbBackup -Restore -Config $encrypted.Config).Outcome)" | Should -Be Succeeded
        (Get-Content $encrypted.Config -Raw) -replace 'correct horse', 'another horse' | Set-Content $encrypted.Config
        $secret | Test-DbBackup -Config $encrypted.Config -ErrorAction SilentlyContinue -ErrorVariable errors | Out-Null
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.PassphraseWrong,*'
        "$($errors[0])" | Should -Not -BeLike '*another horse*'
    }

    It 'says that there is no such file' {
        Test-DbBackup -Path ./nowhere.dump, $backup.Path -ErrorAction SilentlyContinue -ErrorVariable errors | Should -HaveCount 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.BackupNotFound,*'
        $errors[0].TargetObject | Should -Be ./nowhere.dump
    }

    It 'takes of each database what a restore would take, or all where that is said' {
        New-DbBackup auth -Tag 'of-release' | Out-Null
        $newest = (Get-DbBackup auth -Latest).Path
        (Test-DbBackup auth -Latest).SourceBackup.Path | Should -Be $newest
        ('auth', 'trading' | Test-DbBackup -Latest).SourceBackup.Database | Should -Be auth, trading
        (Test-DbBackup auth -Tag 'of-*').SourceBackup.Path | Should -Be $newest
        (Test-DbBackup auth -Before $backup.Created).SourceBackup.Path | Should -Be $backup.Path
        $runs = Test-DbBackup auth -All -ErrorAction SilentlyContinue -InformationVariable said
        @($runs).Count | Should -Be @(Get-DbBackup auth).Count
        "$said" | Should -BeLike "$(@($runs).Count) backups match.*"
    }

    It 'asks which are meant' {
        { Test-DbBackup auth } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*' -ExpectedMessage 'Say which backups are meant: -Latest, *'
        { Test-DbBackup auth -Latest -All } | Should -Throw -ExpectedMessage '*say one of them.'
    }
}
