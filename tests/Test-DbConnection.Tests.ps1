BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    Push-Location $pair.Folder
}

AfterAll {
    Pop-Location
}

Describe 'Test-DbConnection' {
    It 'tests by parameter' {
        $result = Test-DbConnection -Name first
        $result.Name | Should -Be first
        "$($result.State)" | Should -Be Connected
        "$($result.Role)" | Should -Be Production
        $result.ServerVersion | Should -Match '^\d+\.\d+'
        $result.LatencyMs | Should -BeGreaterThan 0
        $result.Size | Should -BeGreaterThan 1MB
        $result.ConnectionsUsed | Should -BeGreaterOrEqual 1
        $result.ConnectionsLimit | Should -BeGreaterThan $result.ConnectionsUsed
    }

    It 'tests several by position, in their order' {
        (Test-DbConnection second, first).Name | Should -Be second, first
    }

    It 'tests all of the configuration where none is named' {
        (Test-DbConnection).Name | Should -Be first, second
    }

    It 'tests by pipeline value' {
        ('first', 'second' | Test-DbConnection).Name | Should -Be first, second
    }

    It 'tests piped objects of a configuration, without looking for one' {
        $databases = (Get-DbSyncConfig).Databases
        Push-Location $TestDrive
        try {
            ($databases | Test-DbConnection).Name | Should -Be first, second
        }
        finally {
            Pop-Location
        }
    }

    It 'takes names and URLs by property name' {
        ([pscustomobject]@{ Name = 'second' } | Test-DbConnection).Name | Should -Be second
        ([pscustomobject]@{ Url = $pair.Source } | Test-DbConnection).Address | Should -Be ($pair.Source -replace '^.*@')
    }

    It 'tests a URL without a configuration' {
        Push-Location $TestDrive
        try {
            Test-DbConnection -Url $pair.Target -Quiet | Should -BeTrue
        }
        finally {
            Pop-Location
        }
    }

    It 'answers false and nothing else, quietly' {
        $errors = $null
        Test-DbConnection -Url 'postgresql://nobody:secret@127.0.0.1:1/none' -TimeoutSeconds 1 -Quiet -ErrorVariable errors | Should -BeFalse
        $errors | Should -BeNullOrEmpty
    }

    It 'writes the object and one error where a database cannot be reached' {
        $result = Test-DbConnection -Url 'postgresql://nobody:secret@127.0.0.1:1/none' -TimeoutSeconds 1 -ErrorAction SilentlyContinue -ErrorVariable errors
        $? | Should -BeFalse
        "$($result.State)" | Should -Be Failed
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.ConnectionFailed,BackupSync.Module.Commands.TestDbConnectionCommand'
        "$($errors[0])" | Should -BeLike '*127.0.0.1:1/none*refused*'
        $errors[0].TargetObject | Should -Be none
        $errors[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'goes on with the others after one that fails' {
        $port = ([uri]$pair.Source).Port
        $results = Test-DbConnection -Url "postgresql://postgres:wrong@127.0.0.1:$port/postgres", $pair.Target -ErrorAction SilentlyContinue -ErrorVariable errors
        "$($results.State)" | Should -Be 'Failed Connected'
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.AuthenticationFailed,*'
    }

    It 'names the nearest database for one that does not exist' {
        { Test-DbConnection frist } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*no database 'frist'*Did you mean 'first'?*"
    }

    It 'says what an empty URL means' {
        { Test-DbConnection -Url $env:BACKUPSYNC_IS_NOT_SET } | Should -Throw -ExpectedMessage "*URL is empty*"
    }

    It 'never shows a password' {
        $password = ([uri]$pair.Source).UserInfo -replace '^.*:'
        $shown = Test-DbConnection first, second | Format-List * | Out-String
        $wrong = $password.ToUpperInvariant()
        $shown += Test-DbConnection -Url ($pair.Source -replace $password, $wrong) -ErrorAction SilentlyContinue -ErrorVariable errors | Out-String
        $shown += $errors | Get-Error | Out-String
        $shown | Should -Not -Match "(?i)$password"
    }
}
