BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $vault = New-TestVault (Join-Path $TestDrive 'vault') -Encrypted
    Push-Location $vault.Folder
}

AfterAll {
    Pop-Location
}

Describe 'Export-DbArchive' {
    It 'writes nothing with -WhatIf' {
        Export-DbArchive auth ./auth.dump -WhatIf | Should -BeNullOrEmpty
        './auth.dump' | Should -Not -Exist
    }

    It 'writes a file by position, relative to the location, that pg_restore alone can read' {
        $run = Export-DbArchive auth ./auth.dump
        "$($run.Kind) $($run.Outcome)" | Should -Be 'Backup Succeeded'
        $run.SourceBackup.Path | Should -Be (Join-Path $vault.Folder auth.dump)
        $run.SourceBackup.Encrypted | Should -BeFalse
        './auth.dump.json' | Should -Exist
        $bin = Get-ChildItem /usr/lib/postgresql/*/bin/pg_restore -ErrorAction Ignore | Select-Object -Last 1
        if ($bin) {
            & $bin.FullName --list ./auth.dump | Out-String | Should -BeLike '*TABLE DATA public users*'
        }
        Test-DbBackup -Path ./auth.dump -Quiet | Should -BeTrue
    }

    It 'takes the database by pipeline value and as an object' {
        "$(('trading' | Export-DbArchive -Path ./by-name.dump).Outcome)" | Should -Be Succeeded
        "$((Get-DbSyncConfig).Databases | Where-Object Name -EQ trading | Export-DbArchive -Path ./by-object.dump | ForEach-Object Outcome)" | Should -Be Succeeded
    }

    It 'refuses a file that is there, and replaces it with -Force' {
        Set-Content ./kept.dump 'mine'
        { Export-DbArchive auth ./kept.dump } | Should -Throw -ErrorId 'BackupSync.FileFailed,*' -ExpectedMessage '*kept.dump exists already*'
        Get-Content ./kept.dump | Should -Be 'mine'
        "$((Export-DbArchive auth ./kept.dump -Force).Outcome)" | Should -Be Succeeded
        Test-DbBackup -Path ./kept.dump -Quiet | Should -BeTrue
    }

    It 'encrypts where the name says so' {
        (Export-DbArchive auth ./auth.dump.enc).SourceBackup.Encrypted | Should -BeTrue
        [System.Text.Encoding]::ASCII.GetString([System.IO.File]::ReadAllBytes("$PWD/auth.dump.enc"), 0, 8) | Should -Be 'Salted__'
    }

    It 'writes an error where it fails, and no file' {
        $run = Export-DbArchive missing ./missing.dump -ErrorAction SilentlyContinue -ErrorVariable errors
        $run.Success | Should -BeFalse
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.DatabaseMissing,BackupSync.Module.Commands.ExportDbArchiveCommand'
        './missing.dump' | Should -Not -Exist
    }

    It 'asks for a database, and names the nearest' {
        { Export-DbArchive -Path ./x.dump } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage '*auth, trading*'
        { Export-DbArchive auht ./x.dump -ErrorAction Stop } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'auth'?"
    }
}
