# What results look like in a terminal of 80 columns, and when they have come from another session.

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    $vault = New-TestVault (Join-Path $TestDrive 'vault')
    Invoke-TestSql $pair.Source 'CREATE TABLE inventory_reservations_of_all_warehouses_by_article (id integer PRIMARY KEY)'
    Push-Location $vault.Folder

    $sync = Invoke-DbSync copy -Config $pair.Config -Confirm:$false
    $incremental = Invoke-DbSync copy -Config $pair.Config -Mode Incremental -Confirm:$false
    Add-Untransferable $pair.Source
    $failed = Invoke-DbSync copy -Config $pair.Config -Confirm:$false -ErrorAction SilentlyContinue
    $taken = New-DbBackup auth, trading
    $proven = Get-DbBackup auth -Latest | Test-DbBackup -Restore
    $results = @{
        sync        = $sync
        incremental = $incremental
        failed      = $failed
        steps       = $sync.Steps
        tables      = $sync.Tables
        changes     = $incremental.Tables
        taken       = $taken
        labelled    = $taken | Set-DbBackup -Tag pre-deployment-of-release-7 -KeepDays 90
        proven      = $proven
        copied      = Get-DbBackup auth -Latest | Copy-DbBackup -To offsite
        backups     = Get-DbBackup
        history     = Get-DbSyncHistory copy -Config $pair.Config
        everything  = Get-DbSyncHistory
        plan        = Invoke-DbSync copy -Config $pair.Config -WhatIf
        connections = Test-DbConnection -ErrorAction SilentlyContinue
        compared    = Compare-DbData first second -Config $pair.Config -WarningAction SilentlyContinue
        retention   = Remove-OldBackups -WhatIf
        status      = Get-DbStatus
        health      = Get-DbHealth -All
        config      = Get-DbSyncConfig
        databases   = (Get-DbSyncConfig).Databases
        plans       = (Get-DbSyncConfig).BackupPlans
        places      = (Get-DbSyncConfig).Places
    }

    function Show($Objects, [int] $Width = 79) {
        ($Objects | Out-String -Width $Width) -replace '\e\[[0-9;]*m' -split '\r?\n'
    }

    # The words of a text, in order, however it is broken into lines.
    function Get-Word([string[]] $Lines) {
        $Lines -join ' ' -split '\s+' -ne ''
    }
}

AfterAll {
    Pop-Location
}

Describe 'Views' {
    It 'show <Name> in 79 columns, and break no word' -ForEach @(
        @{ Name = 'sync'; Line = 'Outcome +: Succeeded' }
        @{ Name = 'incremental'; Line = 'Mode +: Incremental' }
        @{ Name = 'failed'; Line = 'ErrorId +: RestoreFailed' }
        @{ Name = 'steps'; Line = '^Verify +Succeeded +\d+\.\ds 3 tables, 600 rows, content equal' }
        @{ Name = 'tables'; Line = '^public\.users +500 +500 .*verified' }
        @{ Name = 'changes'; Line = '^public\.users +0 +0 +0 +500 yes' }
        @{ Name = 'taken'; Line = '^auth +Succeeded +\d+ kB +\d+\.\ds' }
        @{ Name = 'proven'; Line = '^auth +20\S+ \d\d:\d\dZ restored \d+\.\d+ .* met \(1h 00m\)' }
        @{ Name = 'labelled'; Line = '^auth .*Z Succeeded +tag' }
        @{ Name = 'copied'; Line = '^auth .*Z offsite +Succeeded +\d+ kB' }
        @{ Name = 'backups'; Line = '^20\S+ \S+Z auth +Manual +\d+ kB local +restored' }
        @{ Name = 'history'; Line = '^20\S+ \S+Z Sync +copy +second +RolledBack +\d+\.\ds' }
        @{ Name = 'everything'; Line = '^20\S+ \S+Z Drill +by-hand +auth +Succeeded +\d+\.\ds' }
        @{ Name = 'plan'; Line = '^Lock +1m 00s Lock ' }
        @{ Name = 'connections'; Line = '^auth +Connected +\d+\.\d ms \d+\.\d+ .* MB \d+/\d+' }
        @{ Name = 'compared'; Line = '^public\.users +Equal +500 +500' }
        @{ Name = 'retention'; Line = '^Keep +auth_manual_backup_\S+\.dump ' }
        @{ Name = 'status'; Line = '^auth +Never +\d+\.\ds +15m 00s +the plan' }
        @{ Name = 'config'; Line = '^Databases +: auth, trading, auth_copy, missing' }
        @{ Name = 'databases'; Line = '^auth +Production .*postgresql://' }
        @{ Name = 'plans'; Line = '^nightly +auth, trading +local, offsite' }
        @{ Name = 'places'; Line = '^local +/' }
    ) {
        $lines = Show $results[$Name]
        $lines -match $Line | Should -Not -BeNullOrEmpty
        $lines | Where-Object Length -GT 79 | Should -BeNullOrEmpty
        # A column that has no room shows its heading a letter below another, or cut.
        $heading = $lines -ne '' | Select-Object -First 2
        if ($heading[1] -match '^-') {
            @($heading[0] -split '\s+' -ne '').Count | Should -Be @($heading[1] -split '\s+' -ne '').Count
            $heading[0] | Should -Not -Match '…'
        }
        # Prose has the words that it has where there is room; names that are too long are cut, not broken.
        $wide = Get-Word (Show $results[$Name] 1000)
        (Get-Word $lines) -notmatch '^-+$|…' | Where-Object { $_ -cnotin $wide } | Should -BeNullOrEmpty
    }

    It 'show results that have come from another session as those of this one: <_>' -ForEach @(
        'sync', 'incremental', 'failed', 'taken', 'labelled', 'proven', 'copied', 'backups', 'history', 'plan', 'connections', 'compared', 'retention',
        'status'
    ) {
        $file = Join-Path $TestDrive "$_.xml"
        $results[$_] | Export-Clixml $file
        Show (Import-Clixml $file) | Should -Be (Show $results[$_])
    }

    It 'are found by their words, here and from another session' {
        $file = Join-Path $TestDrive 'words.xml'
        $all = @($sync, $incremental, $failed) + $results.backups
        $all | Export-Clixml $file
        foreach ($seen in $all, (Import-Clixml $file)) {
            @($seen | Where-Object Outcome -EQ Succeeded).Count | Should -Be 2
            @($seen | Where-Object Mode -EQ Incremental).RunId | Should -Be $incremental.RunId
            @($seen | Where-Object Kind -EQ Manual).Count | Should -Be @($results.backups).Count
            ($seen | Where-Object Outcome -EQ RolledBack).Steps | Where-Object State -EQ Failed | ForEach-Object Step | Should -Be Restore
            ($seen | Where-Object RunId -EQ $incremental.RunId).Tables[0].Changes.Way | Should -Be Content
        }
    }

    It 'show labels in full' {
        $lines = Show ($results.labelled | Where-Object Source -Match ^auth_)
        (Get-Word $lines) -join ' ' | Should -BeLike '*Succeeded tag pre-deployment-of-release-7, kept for 90 days'
    }

    It 'bring tables and changes along' {
        $file = Join-Path $TestDrive 'deep.xml'
        $incremental | Export-Clixml $file
        Show (Import-Clixml $file).Tables | Should -Be (Show $incremental.Tables)
        Show (Import-Clixml $file).Steps | Should -Be (Show $incremental.Steps)
    }

    It 'show results of jobs' {
        $module = Join-Path (Get-Module BackupSync).ModuleBase BackupSync.psd1
        $job = Start-Job { Import-Module $using:module; Get-DbSyncHistory copy -Config $using:pair.Config -Last 1 }
        $shown = Show ($job | Receive-Job -Wait -AutoRemoveJob)
        $shown | Should -Be (Show (Get-DbSyncHistory copy -Config $pair.Config -Last 1))
    }

    It 'show what matters of <_> also where a script has shown something else before' -ForEach @(
        'sync', 'taken', 'proven', 'backups', 'connections', 'retention', 'status'
    ) {
        $lines = Show (@([version]'1.2') + @($results[$_])[0])
        $shown = @($lines -match '^\w+ +:' -replace ' +:.*')
        $shown | Should -Not -BeNullOrEmpty
        $shown | Where-Object { $_ -in 'SourceStats', 'RpoSeconds', 'AgeSeconds', 'RpoLimitSeconds', 'Sha256', 'LatencyMs' } | Should -BeNullOrEmpty
    }

    It 'have no errors in strict mode' {
        $read = Get-DbBackup auth -Latest | Test-DbBackup
        Set-StrictMode -Version Latest
        $Error.Clear()
        foreach ($result in $sync, $incremental, $read, $taken[0]) {
            $null = Show $result
            $null = $result | Select-Object *
            $result.ErrorId | Should -BeNullOrEmpty
        }
        $incremental.SafetyFile | Should -BeNullOrEmpty
        $read.RecoveredIn | Should -BeNullOrEmpty
        $Error | Should -BeNullOrEmpty
    }

    It 'name their columns as properties are named' {
        $selected = $sync | Select-Object Rows, Duration, SafetyFile
        $selected.Rows | Should -Be 600
        $selected.Duration | Should -BeOfType timespan
        $selected.SafetyFile | Should -Be $sync.SafetyBackup.FileName
        ($taken | Where-Object Database -EQ auth | Select-Object -ExpandProperty File) | Should -BeLike 'auth_manual_backup_*'
        ($results.backups | Sort-Object Size -Descending)[0].File | Should -BeLike '*_backup_*'
    }

    It 'tell the one line that everybody wants' {
        $sync.Summary | Should -Match '^600 rows, verified, \d+\.\ds, safety backup second_safety_backup_\d+_\d+\.dump$'
        $incremental.Summary | Should -Match '^nothing has changed in 3 tables, verified, \d+\.\ds$'
        $failed.Summary | Should -Match '^failed at Restore and was rolled back after \d+\.\ds: .* \(BackupSync\.RestoreFailed\)$'
    }

    It 'make readable texts of steps, tables and proofs' {
        "$($sync.Steps[0])" | Should -Match '^Lock succeeded in \d+\.\ds'
        "$($sync.Tables | Where-Object Table -EQ public.users)" | Should -Be 'public.users: 500 rows, verified'
        "$($proven.SourceBackup.Proof)" | Should -Match '^restored \d+\.\d+, just now$'
        "$($failed.Error)" | Should -BeLike '* (BackupSync.RestoreFailed)'
    }
}
