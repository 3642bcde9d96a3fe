BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    Push-Location $pair.Folder

    function Get-Users([string] $Url = $pair.Target) {
        Invoke-TestSql $Url 'SELECT count(*) FROM users'
    }
}

AfterAll {
    Pop-Location
}

Describe 'Restore-DbSafetyBackup' {
    BeforeEach {
        # A safety backup with 500 users, and a target that has 499 since.
        Invoke-TestSql $pair.Source "INSERT INTO users VALUES (500, 'back') ON CONFLICT DO NOTHING"
        Invoke-DbSync copy -Confirm:$false | Out-Null
        Invoke-TestSql $pair.Source 'DELETE FROM users WHERE id = 500'
        $last = Invoke-DbSync copy -Confirm:$false
        Get-Users | Should -Be 499
    }

    It 'restores the latest of a job, by parameter' {
        $result = Restore-DbSafetyBackup -Job copy -Latest -Confirm:$false
        "$($result.Outcome)" | Should -Be Succeeded
        "$($result.Kind)" | Should -Be Restore
        $result.Source | Should -Be $last.SafetyBackup.FileName
        $result.SafetyBackup.Rows | Should -Be 599
        Get-Users | Should -Be 500
    }

    It 'restores the first of the list, by pipeline' {
        $result = Get-DbBackup -Job copy -Kind Safety | Select-Object -First 1 | Restore-DbSafetyBackup -Confirm:$false
        "$($result.Outcome)" | Should -Be Succeeded
        Get-Users | Should -Be 500
    }

    It 'restores none of several that are piped for one database, of which the oldest would stay' {
        { Get-DbBackup -Job copy -Kind Safety | Restore-DbSafetyBackup -Confirm:$false } |
            Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*' -ExpectedMessage '*one over the other*Nothing was done.'
        Get-Users | Should -Be 499
    }

    It 'restores an object, by parameter' {
        "$((Restore-DbSafetyBackup -InputObject $last.SafetyBackup -Force).Outcome)" | Should -Be Succeeded
        Get-Users | Should -Be 500
    }

    It 'restores a file, relative to the location' {
        "$((Restore-DbSafetyBackup -Path "./backups/$($last.SafetyBackup.FileName)" -Force).Outcome)" | Should -Be Succeeded
        Get-Users | Should -Be 500
    }

    It 'restores a file, and an object, by position' {
        "$((Restore-DbSafetyBackup "./backups/$($last.SafetyBackup.FileName)" -Force).Outcome)" | Should -Be Succeeded
        Get-Users | Should -Be 500
        (Restore-DbSafetyBackup $last.SafetyBackup -WhatIf).Step | Should -Contain Restore
        Restore-DbSafetyBackup ./nowhere.dump -Force -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
        $errors[0].TargetObject | Should -Be ./nowhere.dump
    }

    It 'restores a file to a URL, without a configuration' {
        Push-Location $TestDrive
        try {
            $other = New-TestDatabase target
            $result = Restore-DbSafetyBackup -Path $last.SafetyBackup.Path -Target $other -Force
            "$($result.Outcome)" | Should -Be Succeeded
            Get-Users $other | Should -Be 500
            Get-Users | Should -Be 499
        }
        finally {
            Pop-Location
        }
    }

    It 'can be undone' {
        Restore-DbSafetyBackup -Job copy -Latest -Force | Out-Null
        Get-Users | Should -Be 500
        Restore-DbSafetyBackup -Job copy -Latest -Force | Out-Null
        Get-Users | Should -Be 499
    }

    It 'writes every step with -WhatIf, and touches nothing' {
        $steps = Restore-DbSafetyBackup -Job copy -Latest -WhatIf
        $steps.Step | Should -Contain Restore
        $steps.Step | Should -Not -Contain Dump
        "$($steps.Description)" | Should -BeLike "*$($last.SafetyBackup.FileName)*"
        Get-Users | Should -Be 499
    }

    It 'refuses an altered file, and says so' {
        $bytes = [System.IO.File]::ReadAllBytes($last.SafetyBackup.Path)
        $bytes[-1] = $bytes[-1] -bxor 1
        [System.IO.File]::WriteAllBytes($last.SafetyBackup.Path, $bytes)
        $result = Restore-DbSafetyBackup -Job copy -Latest -Force -ErrorAction SilentlyContinue -ErrorVariable errors
        "$($result.Outcome)" | Should -Be Aborted
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.BackupInvalid,BackupSync.Module.Commands.RestoreDbSafetyBackupCommand'
        "$($errors[0])" | Should -BeLike '*altered*SHA-256*'
        Get-Users | Should -Be 499
    }

    It 'refuses a URL where nobody can confirm' {
        $run = Invoke-Unattended $pair.Folder "Restore-DbSafetyBackup -Path '$($last.SafetyBackup.Path)' -Target '$($pair.Target)'"
        $run.ExitCode | Should -Be 1
        $run.Output | Should -BeLike '*-Confirm:$false*'
        Get-Users | Should -Be 499
    }

    It 'does not fall back on the configuration where the URL is empty' {
        { Restore-DbSafetyBackup -Path $last.SafetyBackup.Path -Target $env:BACKUPSYNC_IS_NOT_SET -Force } | Should -Throw -ExpectedMessage '*URL is empty*'
        Get-Users | Should -Be 499
    }

    It 'says that there is no such file, and none of its manifest' {
        { Restore-DbSafetyBackup -Path ./nowhere.dump -Force -ErrorAction Stop } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*'
        Set-Content ./other.dump 'something'
        { Restore-DbSafetyBackup -Path ./other.dump -Force -ErrorAction Stop } | Should -Throw -ErrorId 'BackupSync.BackupInvalid,*' -ExpectedMessage '*manifest*'
    }

    It 'takes files from the pipeline, and goes on where one is none' {
        Set-Content ./backups/none.dump 'something'
        $results = Get-Item ./backups/none.dump, "./backups/$($last.SafetyBackup.FileName)" |
            Restore-DbSafetyBackup -Force -ErrorAction SilentlyContinue -ErrorVariable errors
        "$($results.Outcome)" | Should -Be Succeeded
        @($errors).Count | Should -Be 1
        $errors[0].TargetObject | Should -BeLike '*none.dump'
        Get-Users | Should -Be 500
        Remove-Item ./backups/none.dump
    }

    It 'asks for -Latest in a sentence, and not for a switch' {
        { Restore-DbSafetyBackup -Job copy } | Should -Throw -ExpectedMessage '*-Latest to undo its last run.'
    }

    It 'says that a job has none' {
        $empty = New-TestPair (Join-Path $TestDrive ([guid]::NewGuid()))
        { Restore-DbSafetyBackup -Job copy -Latest -Config $empty.Config } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*'
    }
}
