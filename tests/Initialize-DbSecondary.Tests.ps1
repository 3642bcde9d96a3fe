BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')

    # A configuration without any job: a primary with rows, and two databases that hold nothing.
    function New-TestStandbys([string] $Folder) {
        $pair = New-TestPair (Join-Path $TestDrive $Folder)
        $us = New-TestDatabase target
        Set-Content -LiteralPath $pair.Config -Value @"
databases:
  primary:    { url: "$($pair.Source)", role: production }
  standby-eu: { url: "$($pair.Target)", role: backup }
  standby-us: { url: "$us", role: development }
  archive:    { url: "$($us -replace '/[^/]+$', '/no_such_database')", role: production }
"@
        [pscustomobject]@{ Folder = $pair.Folder; Config = $pair.Config; Primary = $pair.Source; Eu = $pair.Target; Us = $us; Backups = $pair.Backups }
    }

    function Get-Rows([string] $Url) {
        Invoke-TestSql $Url "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'" | ForEach-Object { $_ ? (Invoke-TestSql $Url 'SELECT count(*) FROM users') : 0 }
    }

    $standbys = New-TestStandbys standbys
    Push-Location $standbys.Folder
}

AfterAll {
    Pop-Location
}

Describe 'Initialize-DbSecondary' {
    Context 'what it would do' {
        It 'writes every step with -WhatIf, and touches nothing' {
            $steps = Initialize-DbSecondary standby-eu -From primary -WhatIf
            $steps.Step | Should -Be Lock, Check, Guards, Statistics, Dump, SafetyBackup, Restore, Verify, Publish, CheckPublished, CleanUp
            Test-Path $standbys.Backups | Should -BeFalse
            Get-Rows $standbys.Eu | Should -Be 0
        }

        It 'plans for each of several' {
            @(Initialize-DbSecondary standby-eu, standby-us -From primary -WhatIf | Where-Object Step -EQ Publish).Count | Should -Be 2
        }

        It 'does nothing with $WhatIfPreference either' {
            $WhatIfPreference = $true
            Initialize-DbSecondary standby-eu -From primary | Should -Not -BeNullOrEmpty
            Get-Rows $standbys.Eu | Should -Be 0
        }
    }

    Context 'databases that hold nothing' {
        It 'makes one a verified copy by parameter, without a job' {
            $run = Initialize-DbSecondary -Name standby-eu -From primary -Confirm:$false
            $? | Should -BeTrue
            "$($run.Outcome) $($run.Kind) $($run.Mode)" | Should -Be 'Succeeded Sync Full'
            "$($run.Job): $($run.Source) $($run.Target)" | Should -Be 'primary-to-standby-eu: primary standby-eu'
            $run.Tables.Verified | Should -Be $true, $true
            $run.RpoSeconds | Should -BeGreaterOrEqual 0
            Get-Rows $standbys.Eu | Should -Be 500
        }

        It 'keeps backups and history where a job of that name would' {
            $folder = Join-Path $standbys.Backups primary-to-standby-eu
            $run = Get-DbSyncHistory -Directory $folder
            @($run).Count | Should -Be 1
            Split-Path $run.SourceBackup.Path | Should -Be $folder
        }

        It 'makes several copies by pipeline value' {
            $runs = 'standby-eu', 'standby-us' | Initialize-DbSecondary -From primary -Confirm:$false
            "$($runs.Target)" | Should -Be 'standby-eu standby-us'
            "$($runs.Outcome)" | Should -Be 'Succeeded Succeeded'
            Get-Rows $standbys.Us | Should -Be 500
        }

        It 'makes several copies by position' {
            "$((Initialize-DbSecondary standby-eu, standby-us -From primary -Confirm:$false).Target)" | Should -Be 'standby-eu standby-us'
        }

        It 'takes piped databases' {
            $runs = (Get-DbSyncConfig).Databases | Where-Object Role -EQ Development | Initialize-DbSecondary -From primary -Force
            "$($runs.Target) $($runs.Outcome)" | Should -Be 'standby-us Succeeded'
        }

        It 'takes both names of piped objects, such as the lines of a table' {
            $runs = "name,from`nstandby-us,primary" | ConvertFrom-Csv | Initialize-DbSecondary -Confirm:$false
            "$($runs.Source) $($runs.Target) $($runs.Outcome)" | Should -Be 'primary standby-us Succeeded'
        }

        It 'is what the first incremental sync goes on from' {
            $pair = New-TestPair (Join-Path $TestDrive 'goes-on') -Settings 'mode: incremental'
            Initialize-DbSecondary second -From first -Config $pair.Config -Confirm:$false | Out-Null
            Invoke-TestSql $pair.Source "INSERT INTO users VALUES (501, 'new')"
            $run = Invoke-DbSync copy -Config $pair.Config -Confirm:$false
            "$($run.Outcome) $($run.Mode) $(($run.Tables.Changes | Measure-Object Inserted -Sum).Sum)" | Should -Be 'Succeeded Incremental 1'
            $run.Warnings | Should -BeNullOrEmpty
        }
    }

    Context 'a job between the two' {
        BeforeAll {
            $pair = New-TestPair (Join-Path $TestDrive 'job') -Settings 'mode: incremental', 'exclude: { data: [wallets] }'
            # One that is not incremental stands before it, and one that goes elsewhere.
            (Get-Content $pair.Config -Raw) -replace '(?m)^jobs:$', "`$0`n  plain: { source: first, target: second, backups: { directory: plain } }" | Set-Content $pair.Config
        }

        It 'says how, the incremental one before others, but the copy is a full one' {
            $run = Initialize-DbSecondary second -From first -Config $pair.Config -Confirm:$false
            "$($run.Outcome) $($run.Job) $($run.Mode)" | Should -Be 'Succeeded copy Full'
            Get-Rows $pair.Target | Should -Be 500
            Invoke-TestSql $pair.Target 'SELECT count(*) FROM wallets' | Should -Be 0
            (Get-DbSyncHistory copy -Config $pair.Config).RunId | Should -Be $run.RunId
        }

        It 'does not stand for the other direction' {
            (Get-Content $pair.Config -Raw) -replace 'role: production', 'role: backup' | Set-Content $pair.Config
            (Initialize-DbSecondary first -From second -Config $pair.Config -WhatIf | Where-Object Step -EQ Dump).Description | Should -BeLike '*second-to-first'
        }
    }

    Context 'a database that holds something' {
        BeforeAll {
            $full = New-TestStandbys full
            Invoke-TestSql $full.Eu "CREATE TABLE users (id integer); INSERT INTO users SELECT generate_series(1, 5000)"
        }

        It 'is not replaced by one that has far fewer rows' {
            $run = Initialize-DbSecondary standby-eu -From primary -Config $full.Config -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors
            $? | Should -BeFalse
            "$($run.Outcome)" | Should -Be Aborted
            $errors.Count | Should -Be 1
            $errors[0].FullyQualifiedErrorId | Should -Be 'BackupSync.SourceShrunken,BackupSync.Module.Commands.InitializeDbSecondaryCommand'
            Get-Rows $full.Eu | Should -Be 5000
        }

        It 'is replaced with -Force, and can be brought back' {
            $run = Initialize-DbSecondary standby-eu -From primary -Config $full.Config -Force -WarningAction SilentlyContinue
            "$($run.Outcome) $($run.Forced)" | Should -Be 'Succeeded True'
            Get-Rows $full.Eu | Should -Be 500
            "$(($run.SafetyBackup | Restore-DbSafetyBackup -Target $full.Eu -Force).Outcome)" | Should -Be Succeeded
            Get-Rows $full.Eu | Should -Be 5000
        }
    }

    Context 'several, of which one fails' {
        It 'goes on with the next, and writes the error of the one' {
            $broken = New-TestStandbys broken
            (Get-Content $broken.Config -Raw) -replace 'role: production \}\s*$', 'role: backup }' | Set-Content $broken.Config
            $runs = 'archive', 'standby-us' | Initialize-DbSecondary -From primary -Config $broken.Config -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable errors
            "$($runs.Outcome)" | Should -Be 'Aborted Succeeded'
            $errors.Count | Should -Be 1
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'BackupSync.DatabaseMissing,*'
            $errors[0].TargetObject | Should -Be primary-to-archive
        }
    }

    Context 'what is refused before anything is touched' {
        BeforeAll {
            $idle = New-TestStandbys idle
        }

        AfterEach {
            Test-Path $idle.Backups | Should -BeFalse
            Get-Rows $idle.Eu | Should -Be 0
        }

        It 'names the nearest database for one that does not exist' {
            { Initialize-DbSecondary standby-ue -From primary -Config $idle.Config -Force } |
                Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "There is no database 'standby-ue'*Did you mean 'standby-eu'?"
            { Initialize-DbSecondary standby-eu -From primray -Config $idle.Config -Force } |
                Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'primary'?"
        }

        It 'looks all names up before it begins with the first' {
            { Initialize-DbSecondary standby-eu, standby-ue -From primary -Config $idle.Config -Force } | Should -Throw -ErrorId 'BackupSync.UnknownName,*'
        }

        It 'refuses to make a database a copy of itself' {
            { Initialize-DbSecondary primary -From primary -Config $idle.Config -Force } |
                Should -Throw -ErrorId 'BackupSync.SameDatabase,*' -ExpectedMessage "'primary' cannot be made a copy of itself*"
        }

        It 'refuses a production target, whatever is forced, and does not ask before' {
            { Initialize-DbSecondary standby-eu, archive -From primary -Config $idle.Config -Force } |
                Should -Throw -ErrorId 'BackupSync.TargetIsProduction,*' -ExpectedMessage '*archive*production*'
            { Initialize-DbSecondary archive -From primary -Config $idle.Config -WhatIf } | Should -Throw -ErrorId 'BackupSync.TargetIsProduction,*'
            (Invoke-Unattended $idle.Folder 'Initialize-DbSecondary archive -From primary').Output | Should -Not -BeLike '*nobody to ask*'
        }

        It 'refuses what nobody can confirm, and names the parameters that allow it' {
            $run = Invoke-Unattended $idle.Folder 'Initialize-DbSecondary standby-eu -From primary'
            $run.ExitCode | Should -Be 1
            $run.Output | Should -BeLike '*-Confirm:$false*-Force*'
        }

        It 'tells of every variable that is not set' {
            $config = Join-Path $TestDrive 'unset.yml'
            Set-Content $config "databases:`n  one: { url: '`${BACKUPSYNC_ONE}' }`n  two: { url: '`${BACKUPSYNC_TWO}' }"
            { Initialize-DbSecondary two -From one -Config $config -Force } |
                Should -Throw -ErrorId 'BackupSync.ConfigurationInvalid,*' -ExpectedMessage '*BACKUPSYNC_ONE*BACKUPSYNC_TWO*'
        }

        It 'never shows a password' {
            $password = [uri]::new($idle.Eu).UserInfo.Split(':')[1]
            $run = Invoke-Unattended $idle.Folder 'Initialize-DbSecondary standby-eu -From primary -WhatIf; Initialize-DbSecondary standby-eu -From primary'
            $run.Output | Should -BeLike '*standby-eu (postgresql://*'
            $run.Output | Should -Not -Match ([regex]::Escape($password))
        }
    }
}
