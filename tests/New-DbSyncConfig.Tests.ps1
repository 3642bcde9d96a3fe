BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    Push-Location $TestDrive
}

AfterAll {
    Pop-Location
}

Describe 'New-DbSyncConfig' {
    It 'writes a file by parameter, and writes it as an object' {
        $file = New-DbSyncConfig -Path ./parameter.yml
        $file | Should -BeOfType System.IO.FileInfo
        $file.FullName | Should -Be (Join-Path $TestDrive 'parameter.yml')
        Get-Content $file -Raw | Should -BeLike '#*databases:*jobs:*'
    }

    It 'writes a file by position' {
        (New-DbSyncConfig ./position.yml).Name | Should -Be position.yml
    }

    It 'writes a file by pipeline value' {
        ('./value.yml' | New-DbSyncConfig).Name | Should -Be value.yml
    }

    It 'writes a file by property name' {
        ([pscustomobject]@{ Path = './property.yml' } | New-DbSyncConfig).Name | Should -Be property.yml
    }

    It 'writes backupsync.yml where nothing is said, which the others find' {
        (New-DbSyncConfig).Name | Should -Be backupsync.yml
        (Get-DbSyncConfig).Jobs.Name | Should -Be railway-to-neon
    }

    It 'writes one that is good as soon as the variables are set' {
        $file = New-DbSyncConfig ./good.yml
        (Test-DbSyncConfig $file).Message | Should -BeLike '*_URL*'
        $env:RAILWAY_DATABASE_URL, $saved = 'postgresql://a@localhost/a', $env:RAILWAY_DATABASE_URL
        $env:DATABASE_URL, $savedTarget = 'postgresql://a@localhost/b', $env:DATABASE_URL
        try {
            Test-DbSyncConfig $file -Quiet | Should -BeTrue
        }
        finally {
            $env:RAILWAY_DATABASE_URL = $saved
            $env:DATABASE_URL = $savedTarget
        }
    }

    It 'lets only its owner read it' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'modes are of Unix' }
        (New-DbSyncConfig ./private.yml).UnixMode | Should -Be '-rw-------'
    }

    It 'does not replace a file that is there' {
        Set-Content ./mine.yml 'mine'
        $failure = { New-DbSyncConfig ./mine.yml } | Should -Throw -ErrorId 'BackupSync.FileFailed,*' -ExpectedMessage '*mine.yml exists already.' -PassThru
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*-Force*'
        Get-Content ./mine.yml | Should -Be mine
    }

    It 'replaces it with -Force' {
        Set-Content ./replaced.yml 'mine'
        New-DbSyncConfig ./replaced.yml -Force | Out-Null
        Get-Content ./replaced.yml -Raw | Should -BeLike '*databases:*'
    }

    It 'writes nothing with -WhatIf' {
        New-DbSyncConfig ./whatif.yml -WhatIf | Should -BeNullOrEmpty
        './whatif.yml' | Should -Not -Exist
    }

    It 'says what is wrong with a path' {
        { New-DbSyncConfig ./no/such/folder.yml } | Should -Throw -ErrorId 'BackupSync.FileFailed,*'
        { New-DbSyncConfig $TestDrive } | Should -Throw -ExpectedMessage '*is a folder*'
    }
}
