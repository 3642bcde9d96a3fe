BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault') -Encrypted
    Push-Location $vault.Folder
    $WarningPreference = 'SilentlyContinue'
    $older = New-DbBackup auth, trading -Tag older
    Start-Sleep -Milliseconds 1100
    $newer = New-DbBackup auth, trading -Tag newer
}

AfterAll {
    Pop-Location
}

Describe 'Copy-DbBackup' {
    BeforeEach {
        Remove-Item $vault.Offsite -Recurse -ErrorAction Ignore
    }

    It 'stores nothing with -WhatIf' {
        Copy-DbBackup -Latest -To offsite -WhatIf | Should -BeNullOrEmpty
        Get-DbBackup -Place offsite | Should -BeNullOrEmpty
    }

    It 'copies the newest of each database, once' {
        $runs = Copy-DbBackup -Latest -To offsite
        "$($runs.Kind) $($runs.Outcome)" | Should -Be 'Copy Copy Succeeded Succeeded'
        $there = Get-DbBackup -Place offsite
        $there.Sha256 | Sort-Object | Should -Be ($newer.SourceBackup.Sha256 | Sort-Object)
        $there | Test-DbBackup -Quiet | Should -Be $true, $true
        Copy-DbBackup -Latest -To offsite | Should -BeNullOrEmpty
    }

    It 'copies all that a place lacks of a database, by position' {
        Copy-DbBackup auth -Latest -To offsite | Out-Null
        @(Copy-DbBackup auth -All -To offsite -InformationVariable said).Count | Should -Be 1
        (Get-DbBackup auth -Place offsite).Tag | Should -Be newer, older
        "$said" | Should -BeLike '*3 backups match.*1 backup is in offsite already.*'
        Get-DbBackup trading -Place offsite | Should -BeNullOrEmpty
    }

    It 'takes databases by pipeline value' {
        @('auth', 'trading' | Copy-DbBackup -Latest -To offsite).Count | Should -Be 2
    }

    It 'copies piped backups, and those of piped runs' {
        Get-DbBackup -Tag older | Copy-DbBackup -To offsite | Out-Null
        (Get-DbBackup -Place offsite).Tag | Select-Object -Unique | Should -Be older
        $newer | Copy-DbBackup -To offsite | Out-Null
        @(Get-DbBackup -Place offsite).Count | Should -Be 4
    }

    It 'brings one back home' {
        Copy-DbBackup auth -Latest -To offsite | Out-Null
        $local = Get-DbBackup auth -Latest -Place local
        Remove-Item "$($local.Path)*"
        "$((Copy-DbBackup auth -Latest -Place offsite -To local).Outcome)" | Should -Be Succeeded
        Test-DbBackup $local -Quiet | Should -BeTrue
    }

    It 'refuses to spread a damaged one, and goes on with the others' {
        $damaged = (New-DbBackup trading).SourceBackup
        Set-FlippedBit $damaged.Path
        $runs = Copy-DbBackup -Latest -To offsite -ErrorAction SilentlyContinue -ErrorVariable errors
        Remove-Item "$($damaged.Path)*"
        $runs.Count | Should -Be 2
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.BackupInvalid,BackupSync.Module.Commands.CopyDbBackupCommand'
        (Get-DbBackup -Place offsite).Database | Should -Be auth
    }

    It 'asks which are meant, and names the nearest place' {
        { Copy-DbBackup auth -To offsite } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*' -ExpectedMessage '*-All for every one*'
        { Copy-DbBackup -To offsite } | Should -Throw -ErrorId 'BackupSync.BackupNotFound,*' -ExpectedMessage '*-Latest*'
        { Copy-DbBackup -Latest -To offiste } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'offsite'?"
    }

    It 'goes on where a database, a file or a backup is not there' {
        $runs = Copy-DbBackup auht, auth, missing -Latest -To offsite -ErrorAction SilentlyContinue -ErrorVariable errors
        $runs.SourceBackup.Database | Should -Be auth
        "$($errors.TargetObject)" | Should -Be 'auht missing'
        $errors.FullyQualifiedErrorId | Should -BeLike 'BackupSync.*,BackupSync.Module.Commands.CopyDbBackupCommand'
        Copy-DbBackup -Path ./nowhere.dump, $older[0].SourceBackup.Path -To offsite -ErrorAction SilentlyContinue -ErrorVariable errors |
            Should -HaveCount 1
        $errors.TargetObject | Should -Be ./nowhere.dump
    }

    It 'warns, and copies nothing, where all are meant and there is none' {
        Copy-DbBackup -All -Place offsite -To local -WarningVariable warnings -ErrorVariable errors | Should -BeNullOrEmpty
        $errors | Should -BeNullOrEmpty
        "$warnings" | Should -Be 'There was no backup to copy to local.'
        Copy-DbBackup auth -All -Place offsite -To local -ErrorAction SilentlyContinue -ErrorVariable errors | Should -BeNullOrEmpty
        $errors.TargetObject | Should -Be auth
    }

    It 'warns where nothing was piped' {
        Get-DbBackup -Tag nothing | Copy-DbBackup -To offsite -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -BeLike '*no backup to copy to offsite*'
    }
}
