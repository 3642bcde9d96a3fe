BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault') -Encrypted
    Push-Location $vault.Folder
    $WarningPreference = 'SilentlyContinue'

    # Three moments of two databases: 300, 301 and 302 users.
    $moments = foreach ($tag in 'first', 'second', 'third') {
        New-DbBackup auth, trading -Tag $tag
        $vault.Auth, $vault.Trading | ForEach-Object { Invoke-TestSql $_ 'INSERT INTO users SELECT max(id) + 1, ''later'' FROM users' }
        Start-Sleep -Milliseconds 1100
    }
    $trading = ($moments | Where-Object Source -EQ trading).SourceBackup

    function Get-Users([string] $Url = $vault.Trading) {
        Invoke-TestSql $Url 'SELECT count(*) FROM users'
    }
}

AfterAll {
    Pop-Location
}

Describe 'Restore-DbBackup' {
    BeforeEach {
        Invoke-TestSql $vault.Trading 'DELETE FROM orders; DELETE FROM users WHERE id > 10'
    }

    It 'writes every step with -WhatIf, for a production database too, and touches nothing' {
        $steps = Restore-DbBackup auth -Latest -WhatIf -WarningVariable warnings -WarningAction SilentlyContinue
        $steps.Step | Should -Contain Restore
        $steps.Step | Should -Contain SafetyBackup
        "$warnings" | Should -BeLike '*auth has the role production*-AllowProduction*'
        Get-Users $vault.Auth | Should -Be 303
        Restore-DbBackup trading -Latest -WhatIf | Out-Null
        Get-Users | Should -Be 10
    }

    It 'restores the newest' {
        $run = Restore-DbBackup trading -Latest -Confirm:$false
        "$($run.Kind) $($run.Outcome)" | Should -Be 'Restore Succeeded'
        $run.Source | Should -Be $trading[2].FileName
        Get-Users | Should -Be 302
        $run.SafetyBackup.Rows | Should -Be 10
        $run.SafetyBackup.Encrypted | Should -BeTrue
        # What was replaced is not what -Latest means.
        (Restore-DbBackup trading -Latest -Confirm:$false).Source | Should -Be $trading[2].FileName
    }

    It 'restores the newest before a moment, in UTC with and without saying so' {
        $moment = $trading[1].Created.AddMilliseconds(500)
        (Restore-DbBackup trading -Before $moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'") -Confirm:$false).Source | Should -Be $trading[1].FileName
        Get-Users | Should -Be 301
        (Restore-DbBackup trading -Before $moment.UtcDateTime.ToString('yyyy-MM-dd HH:mm:ss.fff') -Confirm:$false).Source | Should -Be $trading[1].FileName
    }

    It 'restores to a database that no configuration names, and creates it' {
        $url = $vault.Copy -replace '/[^/]+$', '/made_by_restore'
        Restore-DbBackup trading -Latest -TargetUrl $url -WhatIf | Should -Not -BeNullOrEmpty
        $run = Restore-DbBackup trading -Latest -TargetUrl $url -Confirm:$false
        "$($run.Kind) $($run.Outcome) $($run.Target)" | Should -Be 'Restore Succeeded made_by_restore'
        Get-Users $url | Should -Be 302
        (Get-DbBackup trading -Tag first | Restore-DbBackup -TargetUrl $url -Confirm:$false).Success | Should -BeTrue
        Get-Users $url | Should -Be 300
        Invoke-TestSql $vault.Copy 'DROP DATABASE made_by_restore'
        { Restore-DbBackup trading -Latest -TargetUrl $vault.Auth -Confirm:$false } | Should -Throw -ErrorId 'BackupSync.TargetIsProduction,*'
        { Restore-DbBackup trading -Latest -To auth_copy -TargetUrl $url } | Should -Throw -ExpectedMessage '*say one of them.'
    }

    It 'goes on where a file is not there' {
        'nowhere.dump', $trading[0].Path | ForEach-Object { [pscustomobject]@{ FullName = $_ } } |
            Restore-DbBackup -To trading -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors | Should -HaveCount 1
        $errors[0].TargetObject | Should -Be nowhere.dump
        Get-Users | Should -Be 300
    }

    It 'names the backup, its time in UTC and the moment in what it asks' {
        $output = pwsh -NoProfile -NonInteractive -Command "Set-Location '$($vault.Folder)'; Import-Module '$((Get-Module BackupSync).Path)'; Restore-DbBackup trading -Before '$($trading[1].Created.AddMilliseconds(500).ToString('o'))' -WhatIf | Out-Null"
        "$output" | Should -BeLike "*$($trading[1].FileName) in local: trading as it was at $($trading[1].Created.UtcDateTime.ToString('yyyy-MM-dd HH:mm:ss')) UTC, 351 rows, *, the newest up to * UTC*trading (postgresql://*"
    }

    It 'restores by tag' {
        (Restore-DbBackup trading -Tag 'fir*' -Confirm:$false).Source | Should -Be $trading[0].FileName
        Get-Users | Should -Be 300
    }

    It 'restores piped backups to another database' {
        $run = Get-DbBackup auth -Latest | Restore-DbBackup -To auth_copy -Confirm:$false
        "$($run.Outcome)" | Should -Be Succeeded
        $run.Recovery.RtoMet | Should -BeTrue
        Get-Users $vault.Copy | Should -Be 302
        Get-Users $vault.Auth | Should -Be 303
    }

    It 'takes the backup of piped runs' {
        $moments | Where-Object { $_.Source -eq 'trading' -and $_.SourceBackup.Tag -eq 'second' } | Restore-DbBackup -Confirm:$false | Out-Null
        Get-Users | Should -Be 301
    }

    It 'restores only some tables, and leaves the others as they are' {
        $steps = Restore-DbBackup trading -Latest -Table 'ord*' -WhatIf
        "$($steps.Description)" | Should -BeLike '*ord*'
        # An order without its user would be no order.
        $refused = Restore-DbBackup trading -Latest -Table 'ord*' -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors
        $refused.Success | Should -BeFalse
        $errors.Count | Should -Be 1
        Invoke-TestSql $vault.Trading 'SELECT count(*) FROM orders' | Should -Be 0
        Get-Users | Should -Be 10

        "$((Get-DbBackup trading -Latest | Restore-DbBackup -Table users -Confirm:$false).Outcome)" | Should -Be Succeeded
        Get-Users | Should -Be 302
        Invoke-TestSql $vault.Trading 'SELECT count(*) FROM orders' | Should -Be 0
        "$((Restore-DbBackup trading -Latest -Table users, 'ord*' -Confirm:$false).Outcome)" | Should -Be Succeeded
        Invoke-TestSql $vault.Trading 'SELECT count(*) FROM orders' | Should -Be 50
    }

    It 'restores a file' {
        "$((Restore-DbBackup -Path $trading[0].Path -Confirm:$false).Outcome)" | Should -Be Succeeded
        Get-Users | Should -Be 300
    }

    It 'can be undone' {
        $run = Restore-DbBackup trading -Latest -Confirm:$false
        $run.SafetyBackup | Restore-DbBackup -Confirm:$false | Out-Null
        Get-Users | Should -Be 10
    }

    It 'refuses a production database without -AllowProduction, and restores it with' {
        { Restore-DbBackup auth -Latest -Confirm:$false } | Should -Throw -ErrorId 'BackupSync.TargetIsProduction,*' -ExpectedMessage '*production*'
        $Error[0].ErrorDetails.RecommendedAction | Should -BeLike '*-AllowProduction*'
        Get-Users $vault.Auth | Should -Be 303
        "$((Restore-DbBackup auth -Latest -AllowProduction -Confirm:$false).Outcome)" | Should -Be Succeeded
        Get-Users $vault.Auth | Should -Be 302
        Invoke-TestSql $vault.Auth "INSERT INTO users VALUES (303, 'later')"
    }

    It 'takes Enter for a no, where it asks about production' {
        if (-not (Get-Command script -CommandType Application -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'this machine has no script program, which makes a terminal'
        }
        $shown = Invoke-OnTerminal $vault.Folder 'Restore-DbBackup auth -Latest -AllowProduction' ''
        $shown | Should -BeLike '*About to replace the content of auth*PRODUCTION, which holds*(default is "N")*'
        Get-Users $vault.Auth | Should -Be 303
        $shown = Invoke-OnTerminal $vault.Folder 'Restore-DbBackup auth -Latest -AllowProduction' 'y'
        $shown | Should -BeLike '*(default is "N")*Succeeded*'
        Get-Users $vault.Auth | Should -Be 302
        Invoke-TestSql $vault.Auth "INSERT INTO users VALUES (303, 'later')"
    }

    It 'refuses production where nobody can confirm, and needs nobody for others' {
        $run = Invoke-Unattended $vault.Folder 'Restore-DbBackup auth -Latest -AllowProduction'
        $run.ExitCode | Should -Be 1
        $run.Output | Should -BeLike '*PRODUCTION, which holds*by auth_manual_backup_*rows*-Confirm:$false*'
        $run.Output | Should -Not -BeLike '*-Force*'
        Get-Users $vault.Auth | Should -Be 303
        (Invoke-Unattended $vault.Folder 'Restore-DbBackup trading -Latest').ExitCode | Should -Be 0
        Get-Users | Should -Be 302
    }

    It 'refuses a damaged one before the target is touched, and names the next older' {
        $copy = Join-Path $TestDrive 'kept'
        Copy-Item $trading[2].Path $copy
        Set-FlippedBit $trading[2].Path
        $run = Restore-DbBackup trading -Latest -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors
        Copy-Item $copy $trading[2].Path
        "$($run.Outcome)" | Should -Be Aborted
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.BackupInvalid,BackupSync.Module.Commands.RestoreDbBackupCommand'
        $errors[0].ErrorDetails.RecommendedAction | Should -BeLike "*$($trading[1].Path)*"
        Get-Users | Should -Be 10
    }

    It 'says which backup it cannot find, and asks which one is meant' {
        { Restore-DbBackup trading -Before '2001-01-01Z' } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*' -ExpectedMessage '*2001-01-01 00:00:00 UTC or before*'
        { Restore-DbBackup trading -Tag fourth } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*' -ExpectedMessage '*fourth*'
        { Restore-DbBackup trading } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*' -ExpectedMessage '*-Latest, -Before or -Tag*'
        { Restore-DbBackup trading -Latest -To auth_coyp } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'auth_copy'?"
    }
}
