BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault') -Encrypted
    Push-Location $vault.Folder
    $WarningPreference = 'SilentlyContinue'
    $taken = New-DbBackup auth, trading -Tag first
    $backup = ($taken | Where-Object Source -EQ auth).SourceBackup
}

AfterAll {
    Pop-Location
}

Describe 'Set-DbBackup' {
    It 'changes nothing with -WhatIf' {
        Set-DbBackup auth -Latest -Pin -WhatIf | Should -BeNullOrEmpty
        (Get-DbBackup auth).Pinned | Should -BeFalse
    }

    It 'tags, pins and limits by parameter, and what is not named stays' {
        $run = Set-DbBackup -Path $backup.Path -KeepDays 90
        "$($run.Kind) $($run.Outcome) $($run.Verdict)" | Should -Be 'Label Succeeded tag first, kept for 90 days'
        Set-DbBackup auth -Latest -Tag release-7 -Pin | Out-Null
        $listed = Get-DbBackup auth
        $listed.Tag | Should -Be release-7
        $listed.Pinned | Should -BeTrue
        $listed.KeepDays | Should -Be 90
        $listed.NotAuthenticated | Should -BeNullOrEmpty
        (Test-DbBackup auth -Latest).Outcome | Should -Be Succeeded
    }

    It 'takes piped backups, and those of piped runs' {
        Get-DbBackup trading | Set-DbBackup -NoTag | Out-Null
        (Get-DbBackup trading).Tag | Should -BeNullOrEmpty
        @($taken | Set-DbBackup -Tag second).Count | Should -Be 2
        (Get-DbBackup).Tag | Select-Object -Unique | Should -Be second
    }

    It 'unpins' {
        Set-DbBackup -All -Pin | Out-Null
        $run = Set-DbBackup auth -Latest -KeepDays 5 -ErrorAction SilentlyContinue -ErrorVariable errors
        $run.Success | Should -BeFalse
        "$($errors[0])" | Should -BeLike '*is pinned*'
        Set-DbBackup -All -Unpin | Out-Null
        (Get-DbBackup).Pinned | Select-Object -Unique | Should -Be $false
    }

    It 'lets the rules decide again' {
        Set-DbBackup auth -Latest -KeepDays 5 | Out-Null
        $run = Set-DbBackup auth -Latest -NoKeepDays
        $run.Success | Should -BeTrue
        (Get-DbBackup auth -Latest).KeepDays | Should -BeNullOrEmpty
        { Set-DbBackup auth -Latest -KeepDays 3 -NoKeepDays } | Should -Throw -ExpectedMessage '*-NoKeepDays*say one of them.'
    }

    It 'refuses a tag of more than a line' {
        $tag = (Get-DbBackup auth -Latest).Tag
        { Set-DbBackup auth -Latest -Tag "a`nb" } | Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*' -ExpectedMessage "'a\nb' is no tag: *"
        { New-DbBackup auth -Tag "a$([char]27)[2J" } | Should -Throw -ExpectedMessage "'a\u001b*' is no tag: *"
        (Get-DbBackup auth).Tag | Should -Be $tag
    }

    It 'refuses what goes not together, and nothing at all' {
        { Set-DbBackup auth -Latest } | Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*' -ExpectedMessage 'Say what is to be changed: -Tag, *'
        { Set-DbBackup auth -Latest -Pin -KeepDays 3 } | Should -Throw -ExpectedMessage '*say one of them.'
        { Set-DbBackup auth -Tag x } | Should -Throw -ExpectedMessage 'Say which backups are meant: -Latest or -Before *'
    }

    It 'goes on where one is not there' {
        Set-DbBackup -Path ./nowhere.dump, $backup.Path -Unpin -ErrorAction SilentlyContinue -ErrorVariable errors | Should -HaveCount 1
        $errors[0].TargetObject | Should -Be ./nowhere.dump
    }
}
