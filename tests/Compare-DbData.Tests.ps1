BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    Push-Location $pair.Folder
    Invoke-DbSync copy -Confirm:$false | Out-Null

    # What differs: a row changed, one gone, one new, and an index.
    $other = New-TestPair (Join-Path $TestDrive 'other')
    Invoke-DbSync copy -Config $other.Config -Confirm:$false | Out-Null
    Invoke-TestSql $other.Target "UPDATE users SET name = 'x' WHERE id = 7; DELETE FROM wallets WHERE id = 1; INSERT INTO wallets VALUES (101, 1); CREATE INDEX extra ON users (name)"
}

AfterAll {
    Pop-Location
}

Describe 'Compare-DbData' {
    It 'compares by parameter' {
        $items = Compare-DbData -Source first -Target second
        $items.Name | Should -Be public.users, public.wallets
        "$($items.State)" | Should -Be 'Equal Equal'
        $items.SourceRows | Should -Be 500, 100
        $items.TargetRows | Should -Be 500, 100
        $items.What | Should -Be $null, $null
    }

    It 'compares by position, and the only job where nothing is named' {
        (Compare-DbData first second).Count | Should -Be 2
        (Compare-DbData).Count | Should -Be 2
        (Compare-DbData -Job copy).Count | Should -Be 2
    }

    It 'compares by pipeline value' {
        ('copy' | Compare-DbData).Count | Should -Be 2
        'copy', 'copy' | Compare-DbData -Quiet | Should -Be $true, $true
    }

    It 'compares piped jobs of a configuration, without looking for one' {
        $jobs = (Get-DbSyncConfig $pair.Config).Jobs, (Get-DbSyncConfig $other.Config).Jobs | ForEach-Object { $_ }
        Push-Location $TestDrive
        try {
            $jobs | Compare-DbData -Quiet | Should -Be $true, $false
        }
        finally {
            Pop-Location
        }
    }

    It 'takes names by property name' {
        [pscustomobject]@{ Source = 'first'; Target = 'second' } | Compare-DbData -Quiet | Should -BeTrue
    }

    It 'compares URLs without a configuration' {
        Push-Location $TestDrive
        try {
            Compare-DbData $pair.Source $pair.Target -Quiet | Should -BeTrue
            Compare-DbData $other.Source $other.Target -Quiet | Should -BeFalse
        }
        finally {
            Pop-Location
        }
    }

    It 'tells what differs, and writes no error' {
        $items = Compare-DbData first second -Config $other.Config -ErrorVariable errors
        $? | Should -BeTrue
        $errors | Should -BeNullOrEmpty
        $items | ForEach-Object { "$($_.Kind) $($_.Name) $($_.State): $($_.What)" } | Should -Be @(
            'Table public.users Different: the content of its 500 rows differs'
            'Table public.wallets Different: the content of its 100 rows differs'
            'Object index public.extra on users TargetOnly: the source lacks it')
    }

    It 'compares some tables alone' {
        (Compare-DbData first second -Table wallets -Config $other.Config).Name | Should -Be public.wallets
        (Compare-DbData first second -Table 'us*', public.wallets).Name | Should -Be public.users, public.wallets
    }

    It 'says in one line how it stands, verbosely' {
        $lines = Compare-DbData first second -Config $other.Config -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        "$lines" | Should -BeLike '*first and second differ: 2 of 2 tables, 1 other object (*'
    }

    Context '-Detail' {
        It 'writes the rows that differ, and warns of what differs beside them' {
            $rows = Compare-DbData first second -Detail -Config $other.Config -WarningVariable warnings -WarningAction SilentlyContinue
            $rows | ForEach-Object { "$($_.Table) $($_.Key) $($_.State) $($_.Columns)" } | Sort-Object | Should -Be @(
                'public.users 7 Different name'
                'public.wallets 1 SourceOnly '
                'public.wallets 101 TargetOnly ')
            $warnings.Count | Should -Be 1
            "$warnings" | Should -Be 'index public.extra on users: the source lacks it'
        }

        It 'writes nothing where nothing differs' {
            Compare-DbData first second -Detail | Should -BeNullOrEmpty
        }

        It 'has good columns in a CSV file' {
            $file = Join-Path $TestDrive 'rows.csv'
            Compare-DbData first second -Detail -Table users -Config $other.Config -WarningAction SilentlyContinue | Export-Csv $file
            Get-Content $file | Should -Be '"Table","Key","State","Columns","Rows"', '"public.users","7","Different","name","1"'
        }

        It 'stops when nobody wants more rows, and leaves no session' {
            $many = New-TestPair (Join-Path $TestDrive 'many')
            Invoke-TestSql $many.Source 'CREATE TABLE large AS SELECT n, md5(n::text) FROM generate_series(1, 200000) n'
            Invoke-TestSql $many.Target 'CREATE TABLE large (n integer, md5 text)'
            $rows = Compare-DbData first second -Detail -Table large -Config $many.Config | Select-Object -First 3
            $rows.Count | Should -Be 3
            foreach ($url in $many.Source, $many.Target) {
                foreach ($attempt in 1..50) {
                    $sessions = Invoke-TestSql $url "SELECT query FROM pg_stat_activity WHERE application_name LIKE 'backupsync:compare%' AND datname = current_database()"
                    if (-not $sessions) { break }
                    Start-Sleep -Milliseconds 100
                }
                $sessions | Should -BeNullOrEmpty
            }
        }

        It 'can be stopped' {
            $many = New-TestPair (Join-Path $TestDrive 'stopped')
            Invoke-TestSql $many.Source 'CREATE TABLE large AS SELECT n, md5(n::text) FROM generate_series(1, 200000) n'
            Invoke-TestSql $many.Target 'CREATE TABLE large (n integer, md5 text)'
            $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::NewRunspace)
            $null = $shell.AddScript("Import-Module '$((Get-Module BackupSync).Path)'; Compare-DbData first second -Detail -Table large -Config '$($many.Config)' | ForEach-Object { Write-Verbose row -Verbose; Start-Sleep -Milliseconds 10 }")
            $running = $shell.BeginInvoke()
            $limit = [datetime]::UtcNow.AddSeconds(60)
            while ($shell.Streams.Verbose.Count -eq 0 -and [datetime]::UtcNow -lt $limit) {
                [System.Threading.Thread]::Sleep(20)
            }
            $shell.Streams.Verbose.Count | Should -BeGreaterThan 0
            $shell.Stop()
            $running.IsCompleted | Should -BeTrue
            $shell.Dispose()
        }
    }

    Context 'shown as a table' {
        It 'has the names, states and numbers of <View>' -ForEach @(
            @{ View = 'items'; Detail = $false; Heading = 'Name +State +SourceRows +TargetRows +What'; Line = 'public\.users +Different +500 +500 +the content' }
            @{ View = 'rows'; Detail = $true; Heading = 'State +Table +Key +Columns'; Line = 'Different +public\.users +7 +name' }
        ) {
            $shown = Compare-DbData first second -Detail:$Detail -Config $other.Config -WarningAction SilentlyContinue | Out-String -Width 200
            $shown = $shown -replace '\e\[[0-9;]*m'
            $shown | Should -Match $Heading
            $shown | Should -Match $Line
        }
    }

    Context 'what cannot be compared' {
        It 'names the nearest <What> for one that does not exist' -ForEach @(
            @{ What = 'database'; Arguments = @{ Source = 'frist'; Target = 'second' }; Message = "*no database 'frist'*Did you mean 'first'?*" }
            @{ What = 'job'; Arguments = @{ Job = 'cpoy' }; Message = "*no job 'cpoy'*Did you mean 'copy'?*" }
        ) {
            { Compare-DbData @Arguments } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage $Message
        }

        It 'names the nearest table' {
            { Compare-DbData first second -Table usres } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*no table 'usres' in first or second*"
            try { Compare-DbData first second -Table usres } catch { $_.ErrorDetails.RecommendedAction | Should -Be "Did you mean 'users'?" }
        }

        It 'says that one database is not enough' {
            { Compare-DbData first } | Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*' -ExpectedMessage 'One database alone*'
        }

        It 'says what an empty URL means' {
            { Compare-DbData first $env:BACKUPSYNC_IS_NOT_SET } | Should -Throw -ExpectedMessage '*URL is empty*'
        }

        It 'refuses what is out of range' {
            { Compare-DbData first second -Parallel 0 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
            { Compare-DbData first second -TimeoutSeconds 0 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
            { Compare-DbData first second -LimitMinutes 0 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
            { Compare-DbData first second -Job copy } | Should -Throw -ErrorId 'PositionalParameterNotFound,*'
        }

        It 'fails where a database cannot be reached, also quietly, and never shows a password' {
            $url = 'postgresql://nobody:secret-word@127.0.0.1:1/none'
            { Compare-DbData first $url -TimeoutSeconds 1 -Quiet } | Should -Throw -ErrorId 'BackupSync.ConnectionFailed,*' -ExpectedMessage '*127.0.0.1:1/none*refused*'
            { Compare-DbData $url } | Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*'
            $Error[0..3] | Get-Error | Out-String | Should -Not -Match 'secret-word'
        }
    }
}
