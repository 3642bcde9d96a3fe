BeforeAll {
    Import-Module (Join-Path $PSScriptRoot 'Support.psm1')
    $pair = New-TestPair (Join-Path $TestDrive 'pair')
    Push-Location $pair.Folder
    $runs = @(Invoke-DbSync copy -Confirm:$false) + @(Invoke-DbSync copy -Confirm:$false)
    Add-Untransferable $pair.Source
    $runs += Invoke-DbSync copy -Confirm:$false -ErrorAction SilentlyContinue
}

AfterAll {
    Pop-Location
}

Describe 'Get-DbSyncHistory' {
    It 'lists by parameter, newest first' {
        (Get-DbSyncHistory -Job copy).RunId | Should -Be $runs[2].RunId, $runs[1].RunId, $runs[0].RunId
    }

    It 'lists by pipeline value' {
        @('copy' | Get-DbSyncHistory).Count | Should -Be 3
    }

    It 'lists those of piped jobs, without looking for a configuration' {
        $jobs = (Get-DbSyncConfig).Jobs
        Push-Location $TestDrive
        try {
            @($jobs | Get-DbSyncHistory).Count | Should -Be 3
        }
        finally {
            Pop-Location
        }
    }

    It 'lists all jobs where none is named' {
        @(Get-DbSyncHistory).Count | Should -Be 3
    }

    It 'lists those of a folder' {
        @(Get-DbSyncHistory -Directory ./backups).Count | Should -Be 3
    }

    It 'lists the last ones' {
        (Get-DbSyncHistory copy -Last 2).RunId | Should -Be $runs[2].RunId, $runs[1].RunId
    }

    It 'lists by outcome' {
        (Get-DbSyncHistory copy -Outcome Succeeded -Last 1).RunId | Should -Be $runs[1].RunId
        (Get-DbSyncHistory copy -Outcome RolledBack, Aborted).RunId | Should -Be $runs[2].RunId
    }

    It 'keeps all that the run had written' {
        $kept = Get-DbSyncHistory copy -Outcome Succeeded -Last 1
        $kept.SourceStats['public.users'] | Should -Be 500
        $kept.Steps.Count | Should -Be $runs[1].Steps.Count
        $kept.SafetyBackup | Should -Be $runs[1].SafetyBackup
        $kept.StartTime | Should -Be $runs[1].StartTime
        (Get-DbSyncHistory copy -Last 1).Error | Should -Be $runs[2].Error
    }

    It 'shows a table' {
        Get-DbSyncHistory copy | Out-String -Width 200 | Should -Match '(?s)Job\s+Outcome\s+Started \(UTC\)\s+Duration\s+Rows\s+Error.*RolledBack.*BackupSync.RestoreFailed.*600'
    }

    It 'warns of a line that is torn, and goes on' {
        Add-Content -LiteralPath (Join-Path $pair.Backups 'history.jsonl') -Value '{"run_id": "to' -NoNewline
        @(Get-DbSyncHistory copy -WarningVariable warnings -WarningAction SilentlyContinue).Count | Should -Be 3
        $warnings.Count | Should -Be 1
        "$warnings" | Should -BeLike '*history.jsonl:4*'
    }

    It 'names the nearest job for one that does not exist' {
        { Get-DbSyncHistory cpoy } | Should -Throw -ErrorId 'BackupSync.UnknownName,*' -ExpectedMessage "*Did you mean 'copy'?"
    }

    It 'says that there is no such folder' {
        { Get-DbSyncHistory -Directory ./nowhere } | Should -Throw -ExpectedMessage '*no directory*nowhere*'
    }

    It 'refuses a number that makes no sense' {
        { Get-DbSyncHistory copy -Last 0 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }
}
