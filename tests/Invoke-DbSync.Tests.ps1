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

Describe 'Invoke-DbSync' {
    Context 'what it would do' {
        It 'writes every step with -WhatIf, and touches nothing' {
            $steps = Invoke-DbSync copy -WhatIf
            $steps.Step | Should -Be Lock, Check, Guards, Statistics, Dump, SafetyBackup, Restore, Verify, Publish, CheckPublished, CleanUp
            $steps | Where-Object Step -EQ Dump | ForEach-Object Limit | Should -Be ([timespan]'00:05:00')
            Test-Path $pair.Backups | Should -BeFalse
            Invoke-TestSql $pair.Target "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'" | Should -Be 0
        }
    }

    Context 'incremental jobs' {
        BeforeAll {
            $incremental = New-TestPair (Join-Path $TestDrive 'incremental') -Settings 'mode: incremental'
            Invoke-TestSql $incremental.Source @'
                CREATE TABLE stamped (id integer PRIMARY KEY, name text NOT NULL, updated_at timestamptz NOT NULL DEFAULT clock_timestamp());
                CREATE TABLE notes (note text);
                INSERT INTO stamped SELECT n, 'name ' || n, clock_timestamp() - interval '1 day' FROM generate_series(1, 1000) n;
                INSERT INTO notes VALUES ('one'), ('two');
'@

            function Sync-Incremental {
                Invoke-DbSync copy -Config $incremental.Config -Confirm:$false @args
            }

            function Get-Changes($Run, [string] $Table) {
                ($Run.Tables | Where-Object Table -EQ "public.$Table").Changes
            }
        }

        It 'tell with -WhatIf the steps of an incremental run, and of a full one where that is asked for' {
            (Invoke-DbSync copy -Config $incremental.Config -WhatIf).Step | Should -Be Lock, Check, Guards, Compare, Merge, Verify, Publish
            (Invoke-DbSync copy -Config $incremental.Config -Mode Full -WhatIf).Step | Should -Contain Dump
            (Invoke-DbSync copy -Mode Incremental -WhatIf).Step | Should -Contain Merge
            Test-Path $incremental.Backups | Should -BeFalse
        }

        It 'become full ones where the target has no tables yet, and warn of it' {
            $run = Invoke-DbSync copy -Config $incremental.Config -Confirm:$false -WarningVariable warnings -WarningAction SilentlyContinue
            "$($run.Outcome) $($run.Mode)" | Should -Be 'Succeeded Full'
            "$warnings" | Should -BeLike '*A full sync follows.'
            $run.Warnings | Should -Be "$warnings"
            $run.Tables | Where-Object Changes | Should -BeNullOrEmpty
            Get-Users $incremental.Target | Should -Be 500
        }

        It 'compare what each table holds in the first incremental run, and say so' {
            $run = Sync-Incremental
            "$($run.Outcome) $($run.Mode)" | Should -Be 'Succeeded Incremental'
            "$((Get-Changes $run stamped).Way)" | Should -Be Content
            (Get-Changes $run stamped).Reason | Should -Be 'this is the first incremental run since the full sync'
            $run.SourceBackup | Should -BeNullOrEmpty
            $run.SafetyBackup | Should -BeNullOrEmpty
        }

        It 'tell of each table what was inserted, updated and deleted, how that was found, and why so' {
            Invoke-TestSql $incremental.Source @'
                INSERT INTO stamped (id, name) VALUES (1001, 'new'), (1002, 'new');
                UPDATE stamped SET name = 'changed', updated_at = clock_timestamp() WHERE id IN (1, 500, 999);
                DELETE FROM stamped WHERE id = 700;
                INSERT INTO users VALUES (501, 'new');
                UPDATE users SET name = 'changed' WHERE id IN (200, 201);
                DELETE FROM wallets WHERE id BETWEEN 10 AND 13;
                INSERT INTO notes VALUES ('three');
'@
            $run = Sync-Incremental
            "$($run.Outcome)" | Should -Be Succeeded
            $run.RpoSeconds | Should -BeGreaterOrEqual 0

            $stamped = Get-Changes $run stamped
            "$($stamped.Way) $($stamped.Inserted) $($stamped.Updated) $($stamped.Deleted)" | Should -Be 'UpdatedAt 2 3 1'
            $stamped.Reason | Should -Be 'by updated_at'
            $users = Get-Changes $run users
            "$($users.Way) $($users.Inserted) $($users.Updated) $($users.Deleted)" | Should -Be 'Content 1 2 0'
            $users.Reason | Should -BeLike 'no updated_at*'
            $wallets = Get-Changes $run wallets
            "$($wallets.Way) $($wallets.Inserted) $($wallets.Updated) $($wallets.Deleted)" | Should -Be 'Content 0 0 4'
            $notes = Get-Changes $run notes
            "$($notes.Way) $($notes.Reason)" | Should -Be 'Whole no primary key'
            $notes.Bytes | Should -BeGreaterThan 0

            foreach ($table in 'stamped', 'users', 'wallets', 'notes') {
                $content = "SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM $table t"
                Invoke-TestSql $incremental.Target $content | Should -Be (Invoke-TestSql $incremental.Source $content)
            }
        }

        It 'write nothing where nothing has changed' {
            $run = Sync-Incremental
            ($run.Tables.Changes | Measure-Object All -Sum).Sum | Should -Be 0
        }

        It 'find with -FullVerify a row that was changed without its stamp' {
            Invoke-TestSql $incremental.Source "UPDATE stamped SET name = 'in silence' WHERE id = 300"
            (Get-Changes (Sync-Incremental) stamped).Updated | Should -Be 0
            $changes = Get-Changes (Sync-Incremental -FullVerify) stamped
            "$($changes.Way) $($changes.Updated)" | Should -Be 'Content 1'
            $changes.Reason | Should -Be 'the whole content was asked for'
            Invoke-TestSql $incremental.Target 'SELECT name FROM stamped WHERE id = 300' | Should -Be 'in silence'
        }

        It 'are run in full with -Mode Full, and full ones incrementally with -Mode Incremental' {
            $full = Sync-Incremental -Mode Full
            "$($full.Outcome) $($full.Mode)" | Should -Be 'Succeeded Full'
            Test-Path $full.SourceBackup.Path | Should -BeTrue

            $plain = New-TestPair (Join-Path $TestDrive 'plain')
            "$((Invoke-DbSync copy -Config $plain.Config -Confirm:$false).Mode)" | Should -Be Full
            $run = Invoke-DbSync copy -Config $plain.Config -Mode Incremental -Confirm:$false
            "$($run.Outcome) $($run.Mode)" | Should -Be 'Succeeded Incremental'
            "$((Invoke-DbSync -Source $plain.Source -Target $plain.Target -BackupDirectory $plain.Backups -Mode Incremental -Confirm:$false).Mode)" | Should -Be Incremental
        }

        It 'can be piped' {
            "$(((Get-DbSyncConfig $incremental.Config).Jobs | Invoke-DbSync -Confirm:$false).Mode)" | Should -Be Incremental
            "$(((Get-DbSyncConfig $incremental.Config).Jobs | Invoke-DbSync -Mode Full -Confirm:$false).Mode)" | Should -Be Full
        }

        It 'name what they would do when they ask' {
            $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::NewRunspace)
            $null = $shell.AddScript("Import-Module '$((Get-Module BackupSync).Path)'; Invoke-DbSync copy -Config '$($incremental.Config)' -Verbose -Confirm:`$false").Invoke()
            "$($shell.Streams.Verbose)" | Should -BeLike '*Update the content by what has changed on first, or replace it by a copy if the tables differ (job copy)*'
            $shell.Dispose()
        }

        It 'show how they found their changes in a table' {
            $run = Sync-Incremental
            $run.Tables | Out-String -Width 79 | Should -Match '(?s)Table +Inserted +Updated +Deleted +TargetRows +Verified.*public\.stamped '
            $run.Tables | Format-Table -View Wide | Out-String -Width 200 | Should -Match 'Whole .* no primary key'
            $run | Out-String -Width 79 | Should -Match '(?s)Mode +: Incremental.*Age +: \d+\.\ds'
        }

        It 'count no rows in the table of runs where not every table was counted' {
            $some = New-TestPair (Join-Path $TestDrive 'some') -Settings 'mode: incremental', 'incremental: { deletes: false }'
            Invoke-TestSql $some.Source 'CREATE TABLE stamped (id integer PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT clock_timestamp())'
            1..2 | ForEach-Object { Invoke-DbSync copy -Config $some.Config -Confirm:$false -WarningAction SilentlyContinue | Out-Null }
            $run = Invoke-DbSync copy -Config $some.Config -Confirm:$false
            ($run.Tables | Where-Object Table -EQ public.stamped).SourceRows | Should -BeNullOrEmpty
            $run.Rows | Should -BeNullOrEmpty
            $run | Out-String -Width 120 | Should -Not -Match '\b600\b'
        }
    }

    Context 'a source whose tables have changed their form' {
        BeforeAll {
            $changed = New-TestPair (Join-Path $TestDrive 'changed') -Settings 'mode: incremental', 'incremental: { onSchemaChange: stop }'
            Invoke-DbSync copy -Config $changed.Config -Mode Full -Confirm:$false | Out-Null
            Invoke-TestSql $changed.Source "ALTER TABLE users ADD COLUMN mail text; INSERT INTO users VALUES (501, 'late')"
        }

        It 'is an error where the job says stop, which lists the differences, and nothing is written' {
            $run = Invoke-DbSync copy -Config $changed.Config -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors
            "$($run.Outcome) $($run.Mode)" | Should -Be 'Aborted Incremental'
            $run.RpoSeconds | Should -BeNullOrEmpty
            $errors.Count | Should -Be 1
            $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.SchemaChanged,BackupSync.Module.Commands.InvokeDbSyncCommand'
            "$($errors[0].CategoryInfo.Category)" | Should -Be InvalidOperation
            "$($errors[0])" | Should -BeLike 'copy: Aborted in Compare:*users*mail*'
            $errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Mode Full*'
            Get-Users $changed.Target | Should -Be 500
        }

        It 'is copied with -Mode Full, and incremental runs go on from there' {
            "$((Invoke-DbSync copy -Config $changed.Config -Mode Full -Confirm:$false).Outcome)" | Should -Be Succeeded
            "$((Invoke-DbSync copy -Config $changed.Config -Confirm:$false).Mode)" | Should -Be Incremental
            Get-Users $changed.Target | Should -Be 501
        }
    }

    Context 'runs that succeed' {
        It 'runs a job by parameter' {
            $result = Invoke-DbSync -Job copy -Confirm:$false
            $? | Should -BeTrue
            "$($result.Outcome)" | Should -Be Succeeded
            $result.Success | Should -BeTrue
            $result.SourceStats['public.users'] | Should -Be 500
            $result.BackupStats['public.wallets'] | Should -Be 100
            $result.Tables.Verified | Should -Be $true, $true
            $result.Tables[1].Table | Should -Be public.wallets
            "$($result.Steps[-1].Step)" | Should -Be CleanUp
            Test-Path $result.SourceBackup.Path | Should -BeTrue
            Get-Users | Should -Be 500
        }

        It 'runs a job by position, once though it is named twice' {
            $results = Invoke-DbSync copy, copy -Confirm:$false
            "$($results.Outcome)" | Should -Be Succeeded
        }

        It 'runs piped names one after the other' {
            $results = 'copy', 'copy' | Invoke-DbSync -Confirm:$false
            "$($results.Outcome)" | Should -Be 'Succeeded Succeeded'
        }

        It 'runs a job by pipeline value' {
            "$(('copy' | Invoke-DbSync -Confirm:$false).Outcome)" | Should -Be Succeeded
        }

        It 'runs piped jobs, without looking for a configuration' {
            $config = Get-DbSyncConfig
            Push-Location $TestDrive
            try {
                $results = $config | Select-Object -Expand Jobs | Where-Object Target -EQ second | Invoke-DbSync -Confirm:$false
                "$($results.Outcome)" | Should -Be Succeeded
            }
            finally {
                Pop-Location
            }
        }

        It 'takes the job of piped objects by property name' {
            "$((Get-DbSyncHistory -Last 1 | Invoke-DbSync -Confirm:$false).Job)" | Should -Be copy
        }

        It 'takes the configuration that -Config or the variable names' {
            Push-Location $TestDrive
            try {
                "$((Invoke-DbSync copy -Config pair/backupsync.yml -Confirm:$false).Outcome)" | Should -Be Succeeded
                $env:BACKUPSYNC_CONFIG = $pair.Config
                "$((Invoke-DbSync copy -Confirm:$false).Outcome)" | Should -Be Succeeded
            }
            finally {
                $env:BACKUPSYNC_CONFIG = $null
                Pop-Location
            }
        }

        It 'runs between two URLs, and keeps its backups in the current location' {
            Push-Location (New-Item -ItemType Directory (Join-Path $TestDrive 'adhoc'))
            try {
                $result = Invoke-DbSync -Source $pair.Source -Target $pair.Target -Force
                "$($result.Outcome)" | Should -Be Succeeded
                $result.SourceBackup.Path | Should -BeLike (Join-Path $PWD backups * source_db_backup_*)
                (Get-DbSyncHistory -Directory (Split-Path $result.SourceBackup.Path)).RunId | Should -Be $result.RunId
            }
            finally {
                Pop-Location
            }
        }

        It 'runs the job that the configuration has of two names, and takes the old and the long words' {
            (Invoke-DbSync -Source first -Target second -Config $pair.Config -WhatIf).Step | Should -Contain Publish
            (Invoke-DbSync -SourceUrl first -TargetUrl second -Config $pair.Config -Confirm:$false).Job | Should -Be copy
        }

        It 'refuses the URL of a production database' {
            $mixed = Join-Path $TestDrive 'mixed.yml'
            (Get-Content $pair.Config -Raw) -replace 'role: backup', 'role: production' -replace '(?s)\njobs:.*' | Set-Content $mixed
            { Invoke-DbSync -Source $pair.Source -Target $pair.Target -Config $mixed -Force -ErrorAction Stop } |
                Should -Throw -ErrorId 'BackupSync.TargetIsProduction,*'
        }

        It 'writes the lines that operators look for to the information stream' {
            Invoke-DbSync copy -Confirm:$false -InformationVariable lines | Out-Null
            $lines.Tags | Select-Object -Unique | Should -Be BackupSync
            "$lines" | Should -Match 'First → Second sync completed in [\d.]+s'
            "$lines" | Should -Match 'Safety backup created: second_safety_backup_\d{8}_\d{6}\S*\.dump \([\d.]+ [kM]?B\)'
            "$lines" | Should -Match 'Second verification: 500 users, 100 wallets'
        }

        It 'tells every step on the verbose stream' {
            $verbose = Invoke-DbSync copy -Confirm:$false -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
            "$verbose" | Should -BeLike '*Dump started:*(limit 5m 00s)*Dump Succeeded in*Publish Succeeded in*'
        }

        It 'shows progress, and completes every bar' {
            $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::NewRunspace)
            $null = $shell.AddScript("Set-Location '$($pair.Folder)'; Import-Module '$((Get-Module BackupSync).Path)'; Invoke-DbSync copy -Confirm:`$false").Invoke()
            $shell.HadErrors | Should -BeFalse
            $bars = $shell.Streams.Progress | Group-Object ActivityId
            @($bars).Count | Should -BeGreaterThan 5
            foreach ($bar in $bars) {
                "$($bar.Group[-1].RecordType)" | Should -Be Completed
            }
            $shell.Dispose()
        }
    }

    Context 'runs that fail' {
        BeforeAll {
            $failing = New-TestPair (Join-Path $TestDrive 'failing')
            Invoke-DbSync copy -Config $failing.Config -Confirm:$false | Out-Null
            Add-Untransferable $failing.Source
            Invoke-TestSql $failing.Source "INSERT INTO users VALUES (1000, 'late')"
        }

        It 'writes the result, and one error with id, category, target and advice' {
            $result = Invoke-DbSync copy -Config $failing.Config -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors
            $? | Should -BeFalse
            "$($result.Outcome)" | Should -Be RolledBack
            $errors.Count | Should -Be 1
            $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.RestoreFailed,BackupSync.Module.Commands.InvokeDbSyncCommand'
            "$($errors[0].CategoryInfo.Category)" | Should -Be WriteError
            $errors[0].TargetObject | Should -Be copy
            "$($errors[0])" | Should -BeLike 'copy: RolledBack in Restore:*test.place*'
            $errors[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            Get-Users $failing.Target | Should -Be 500
        }

        It 'throws with -ErrorAction Stop, after the result was written' {
            { Invoke-DbSync copy -Config $failing.Config -Confirm:$false -ErrorAction Stop -OutVariable script:written } |
                Should -Throw -ErrorId 'BackupSync.RestoreFailed,*'
            $script:written.Count | Should -Be 1
            "$($script:written[0].Outcome)" | Should -Be RolledBack
        }

        It 'makes pwsh -Command exit with 1' {
            $run = Invoke-Unattended $failing.Folder 'Invoke-DbSync copy'
            $run.ExitCode | Should -Be 1
            $run.Output | Should -BeLike '*RolledBack*'
        }

        It 'keeps the record of each' {
            $history = Get-DbSyncHistory copy -Config $failing.Config -Outcome RolledBack
            $history.Count | Should -Be 3
            $history[0].Error.Id | Should -Be BackupSync.RestoreFailed
        }
    }

    Context 'what is refused before anything is touched' {
        It 'names the nearest job for one that does not exist' {
            { Invoke-DbSync cpoy } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "There is no job 'cpoy'*Did you mean 'copy'?"
        }

        It 'looks all jobs up before it runs the first' {
            $before = @(Get-DbSyncHistory).Count
            { Invoke-DbSync copy, cpoy -Confirm:$false } | Should -Throw
            @(Get-DbSyncHistory).Count | Should -Be $before
        }

        It 'goes on in a pipeline behind a name that there is not' {
            $plans = 'copy', 'cpoy', 'copy' | Invoke-DbSync -WhatIf -ErrorAction SilentlyContinue -ErrorVariable missing
            @($plans | Where-Object Step -EQ Publish).Count | Should -Be 2
            $missing.Count | Should -Be 1
            $missing[0].TargetObject | Should -Be cpoy
        }

        It 'says what an empty URL means' {
            { Invoke-DbSync -Source $env:BACKUPSYNC_IS_NOT_SET -Target $pair.Target -Force } | Should -Throw -ExpectedMessage "The source's URL is empty*"
        }

        It 'tells of every variable that is not set' {
            $config = Join-Path $TestDrive 'unset.yml'
            (Get-Content $pair.Config -Raw) -replace 'postgresql://[^"]+/test_\d+"(?=, role: prod)', '${BACKUPSYNC_FIRST}"' -replace 'postgresql://[^"]+"', '${BACKUPSYNC_SECOND}"' | Set-Content $config
            { Invoke-DbSync copy -Config $config -Confirm:$false } |
                Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*' -ExpectedMessage '*BACKUPSYNC_FIRST*BACKUPSYNC_SECOND*'
        }

        It 'refuses a production target, whatever is forced' {
            $production = New-TestPair (Join-Path $TestDrive 'production') -TargetRole production
            { Invoke-DbSync copy -Config $production.Config -Force } | Should -Throw -ExpectedMessage '*production is never a target*'
            Test-Path $production.Backups | Should -BeFalse
        }

        It 'refuses URLs where nobody can confirm, and names the parameters that allow it' {
            $run = Invoke-Unattended $pair.Folder "Invoke-DbSync -Source '$($pair.Source)' -Target '$($pair.Target)'"
            $run.ExitCode | Should -Be 1
            $run.Output | Should -BeLike '*-Confirm:$false*-Force*'
        }

        It 'refuses a mode that does not exist, and names those that do' {
            { Invoke-DbSync copy -Mode Partial } | Should -Throw -ErrorId 'CannotConvertArgumentNoMessage,*' -ExpectedMessage '*Full*Incremental*'
        }

        It 'refuses names together with URLs' {
            { Invoke-DbSync copy -Source $pair.Source -Target $pair.Target } | Should -Throw -ErrorId 'PositionalParameterNotFound,*'
        }
    }

    Context 'with nobody to ask' {
        It 'runs a job of the configuration' {
            $run = Invoke-Unattended $pair.Folder 'Invoke-DbSync copy'
            $run.ExitCode | Should -Be 0
            $run.Output | Should -BeLike '*Succeeded*'
        }
    }

    Context '-Force' {
        It 'lifts the shrink guard, and the record says so' {
            $shrunken = New-TestPair (Join-Path $TestDrive 'shrunken')
            Invoke-DbSync copy -Config $shrunken.Config -Confirm:$false | Out-Null
            Invoke-TestSql $shrunken.Source 'DELETE FROM wallets; DELETE FROM users WHERE id > 100'

            $refused = Invoke-DbSync copy -Config $shrunken.Config -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors
            "$($refused.Outcome)" | Should -Be Aborted
            $errors.Count | Should -Be 1
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.SourceShrunken,*'

            $forced = Invoke-DbSync copy -Config $shrunken.Config -Force -WarningAction SilentlyContinue
            "$($forced.Outcome)" | Should -Be Succeeded
            $forced.Forced | Should -BeTrue
            Get-Users $shrunken.Target | Should -Be 100
        }
    }

    Context 'being stopped' {
        It 'leaves the target as it was, and returns when that is done' {
            $stopped = New-TestPair (Join-Path $TestDrive 'stopped')
            Invoke-DbSync copy -Config $stopped.Config -Confirm:$false | Out-Null
            Invoke-TestSql $stopped.Source "CREATE TABLE large AS SELECT n, md5(n::text) FROM generate_series(1, 1000000) n; DELETE FROM wallets WHERE id = 1"

            $shell = [powershell]::Create([System.Management.Automation.RunspaceMode]::NewRunspace)
            $null = $shell.AddScript("Import-Module '$((Get-Module BackupSync).Path)'; `$VerbosePreference = 'Continue'; Invoke-DbSync copy -Config '$($stopped.Config)' -Confirm:`$false")
            $running = $shell.BeginInvoke()
            $limit = [datetime]::UtcNow.AddSeconds(60)
            while ("$($shell.Streams.Verbose)" -notlike '*Dump started*' -and [datetime]::UtcNow -lt $limit) {
                [System.Threading.Thread]::Sleep(20)
            }
            $shell.Stop()
            $running.IsCompleted | Should -BeTrue
            $shell.Dispose()

            "$((Get-DbSyncHistory copy -Config $stopped.Config -Last 1).Outcome)" | Should -Be Cancelled
            Invoke-TestSql $stopped.Target 'SELECT count(*) FROM wallets' | Should -Be 100
            # A server notices the end of a connection a moment later.
            foreach ($attempt in 1..50) {
                $sessions = Invoke-TestSql $stopped.Target "SELECT application_name || ' ' || datname || ': ' || query FROM pg_stat_activity WHERE application_name LIKE 'backupsync%' AND pid <> pg_backend_pid()"
                if (-not $sessions) { break }
                Start-Sleep -Milliseconds 100
            }
            $sessions | Should -BeNullOrEmpty
            Get-ChildItem $stopped.Backups -Filter *.partial | Should -BeNullOrEmpty
        }

        It 'says what became of the target, by Ctrl+C' {
            if (-not (Get-Command script -CommandType Application -ErrorAction Ignore)) {
                Set-ItResult -Skipped -Because 'there is no program script that makes a terminal'
                return
            }
            $stopped = New-TestPair (Join-Path $TestDrive 'ctrlc')
            Invoke-TestSql $stopped.Source 'CREATE TABLE large AS SELECT n, md5(n::text) FROM generate_series(1, 1000000) n'

            $shown = Stop-OnTerminal $stopped.Folder 'Invoke-DbSync copy -Confirm:$false' (Join-Path $stopped.Backups backupsync.log) 'Dump started'

            $shown | Should -Match 'WARNING: copy: stopped at \w+ after [\d.]+m?s.*(Nothing was changed\.|holds what it held before\.)'
            "$((Get-DbSyncHistory copy -Config $stopped.Config -Last 1).Outcome)" | Should -Be Cancelled
        }
    }
}
